"""Owns what every endpoint shares: context, bodies, answers, repeated requests, limits, the way a server stops.

Knows no dialect and no resource.
"""

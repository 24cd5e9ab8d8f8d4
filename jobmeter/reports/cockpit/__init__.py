"""Owns the operator's overview: how each partner is doing, and what the installation is doing.

Reads only. Does not own any of the figures: jobs and spend are those of the job lists' last count.
"""

"""Owns requests that leave the house: which addresses they may reach.

Does not own what is sent, or how often it is tried.
"""

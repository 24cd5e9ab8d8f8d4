"""Owns outgoing requests: which addresses they may reach.

Does not own what is sent, or how often it is retried.
"""

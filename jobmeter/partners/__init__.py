"""Owns developer applications (a partner's parent application, one child for each customer), their secrets
and access tokens.

Does not own contracts, jobs or what an application may access.
"""

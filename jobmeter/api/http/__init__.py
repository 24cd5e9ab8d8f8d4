"""Owns what every endpoint shares: the pipeline, contexts, credentials, bodies, responses, idempotency, limits.

Knows no resource. Plain JSON's dialect is here, since five rooms speak it.
"""

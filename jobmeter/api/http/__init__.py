"""Owns what every endpoint shares: the pipeline, contexts, credentials, bodies, responses, idempotency, limits.

Knows no resource. Plain JSON's dialect stands here, since five rooms speak it.
"""

"""Owns what all endpoints share: pipeline, contexts, credentials, bodies, responses, idempotency, rate limits.

Knows no resource. The plain JSON dialect is here because five packages use it. Below both edges: the API and the web pages use the same.
"""

"""Owns the HTTP endpoints: one file per URL, their table in ``routes``, request processing in ``http.pipeline``.

Does not own decisions: an endpoint reads a request, calls one flow in one transaction, and writes the response.
"""

"""Owns the HTTP endpoints: one file per URL, the table of them in ``routes``, the way of every request in ``http.pipeline``.

Does not own decisions: an endpoint reads a request, calls one flow in one transaction, and writes the response.
"""

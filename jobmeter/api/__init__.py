"""Owns the HTTP endpoints: one file per URL, the URL table in ``routes``, the common edge in ``restli.gateway``.

Does not own decisions: it reads a request, calls one flow in one transaction, draws the answer.
"""

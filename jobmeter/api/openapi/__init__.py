"""Owns the OpenAPI document and its page, both drawn from the table of URLs."""

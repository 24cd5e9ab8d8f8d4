"""Owns the OpenAPI document and its page, both rendered from the table of endpoints."""

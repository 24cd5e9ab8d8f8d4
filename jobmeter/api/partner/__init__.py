"""Owns the partner's own endpoints, one file per URL."""

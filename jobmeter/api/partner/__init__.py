"""Owns the partner's plain JSON endpoints, one file per URL."""

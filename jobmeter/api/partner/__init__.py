"""Owns the partner's own endpoints, one file per URL, and what they have in common."""

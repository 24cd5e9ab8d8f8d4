"""Owns the operator's endpoints, one file per URL, and what they have in common."""

"""Owns the operator's endpoints, one file per URL."""

"""Owns the pages of the operator."""

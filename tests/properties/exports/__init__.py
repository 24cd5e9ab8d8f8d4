"""Exports: the formats agree on any values, and no text becomes a formula."""

"""Owns the formats of exports: each writes tables of typed columns as bytes. Does not own what the columns are."""

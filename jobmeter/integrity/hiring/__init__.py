"""Owns the laws of used credits: each is kept once, at the price of its contract's list."""

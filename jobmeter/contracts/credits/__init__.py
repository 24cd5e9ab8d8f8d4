"""Owns what was used of contracts for credits: each credit with its price at that moment. Does not own the units."""

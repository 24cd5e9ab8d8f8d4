"""Owns P4P contracts: service term, limit, prices, top-ups."""

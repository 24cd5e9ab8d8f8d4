"""Owns the named figures: measures each beside its limit in one run and writes bench/results.json."""

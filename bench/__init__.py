"""Owns the named figures: measures each together with its limit in one run and writes bench/results.json."""

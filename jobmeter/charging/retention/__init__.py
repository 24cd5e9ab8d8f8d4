"""Owns how long charged days are kept one by one: old days are folded, then deleted."""

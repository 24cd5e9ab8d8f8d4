"""Owns what a server reports to those who watch it. Does not own what happens in it."""

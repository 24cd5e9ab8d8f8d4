"""Checks of the conventions: each is a pure function over sources, so that a small bad sample proves it can fail."""

"""Checks of the conventions. Each is a pure function over sources, so that a small bad sample can prove that it fails."""

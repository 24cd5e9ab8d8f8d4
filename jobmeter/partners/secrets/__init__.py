"""Owns the secrets of applications: rotated, and retired one at a time."""

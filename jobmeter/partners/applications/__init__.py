"""Owns developer applications: a partner's parent and one child for each customer."""

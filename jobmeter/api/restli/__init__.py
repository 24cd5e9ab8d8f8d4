"""Owns the Rest.li resources, one file per URL, and the edge that they have in common."""

"""Owns the Rest.li resources, one file per URL, and their dialect."""

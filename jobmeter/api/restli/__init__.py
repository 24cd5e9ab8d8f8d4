"""Owns the Rest.li resources, one file per URL, and the Rest.li dialect."""

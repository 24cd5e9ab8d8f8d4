"""Owns the tests of how an installation is operated with more than one database server."""

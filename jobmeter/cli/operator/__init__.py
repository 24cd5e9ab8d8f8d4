"""Owns the commands that call the endpoints of an operator, on a running server."""

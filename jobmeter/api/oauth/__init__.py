"""Owns the endpoints of tokens (issue, introspect, revoke) and the forms that they read."""

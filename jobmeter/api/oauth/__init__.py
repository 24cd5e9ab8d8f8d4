"""Owns the token endpoints (issue, introspect, revoke) and reading their forms."""

"""Owns the endpoints of tokens: issue, introspect, revoke."""

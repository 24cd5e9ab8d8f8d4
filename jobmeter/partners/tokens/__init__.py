"""Owns access tokens: issued, checked, revoked, swept."""

"""Owns access tokens: issued, verified, revoked, deleted after they expire."""

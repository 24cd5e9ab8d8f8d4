"""Owns the stream of charges and corrections that a partner follows."""

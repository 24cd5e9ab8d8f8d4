"""Servers and a database that is copied, pooled and restored, as an operator runs them."""

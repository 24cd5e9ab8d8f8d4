"""Owns what the operator reads of the endpoints of all applications. Does not own the endpoints."""

"""Owns what is read of the endpoints of several applications: all, for the operator, and a partner's. Does not own the endpoints."""

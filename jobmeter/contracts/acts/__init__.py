"""Owns what the operator changes of partner contracts, each act with its record in the audit log."""

"""Owns what the operator changes of settlement by hand, each act with its record in the audit log."""

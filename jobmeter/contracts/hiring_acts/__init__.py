"""Owns what the operator changes of hiring contracts, each act with its record in the audit log."""

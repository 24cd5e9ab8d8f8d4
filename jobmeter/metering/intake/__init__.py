"""Owns taking events in: columns, keys, a verdict on each, one transaction a batch."""

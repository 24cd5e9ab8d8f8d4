"""Owns the laws of days: their partitions of events, what settlement took back, restatements, copies for reports."""

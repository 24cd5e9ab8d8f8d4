"""Owns statements per end customer of a partner, and the refunds that the partner records for them. No money moves."""

"""Owns the rows of each kind: its columns, and how they are read page by page, after a cursor, in an order that never changes."""

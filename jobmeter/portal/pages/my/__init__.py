"""Owns the pages of members and customers: their jobs and slots. Knows no rule: what is allowed comes from ``jobs.members``."""

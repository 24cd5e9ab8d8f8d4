"""Owns the pages of a partner: overview, jobs, people."""

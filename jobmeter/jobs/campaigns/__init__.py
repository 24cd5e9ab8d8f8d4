"""Owns campaigns: jobs that share a budget and a term."""

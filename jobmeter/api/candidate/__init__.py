"""Owns what candidates open: a job's page, its apply link and its pixel."""

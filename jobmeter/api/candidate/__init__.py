"""Owns the endpoints that candidates open: a job's page, its apply link and its view pixel."""

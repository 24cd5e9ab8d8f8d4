"""Owns the endpoints of job boards: events in, jobs to promote out."""

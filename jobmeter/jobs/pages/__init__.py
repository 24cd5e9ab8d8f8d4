"""Owns what a job's public page shows and where its links lead."""

"""Owns a job's public page and the targets of its links."""

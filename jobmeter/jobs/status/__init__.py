"""Owns a job's public status and the reasons reported to partners."""

"""Owns the windows in which a job's clicks count, and their revision, which a charge checks under its lock."""

"""Owns the job board's endpoints: it sends events and reads which jobs to promote."""

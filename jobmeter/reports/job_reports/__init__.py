"""Owns job reports: by ids and by date range, now and as of a day."""

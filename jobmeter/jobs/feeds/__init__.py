"""Owns job feeds: fetched, compared with the jobs already posted, and applied in batches."""

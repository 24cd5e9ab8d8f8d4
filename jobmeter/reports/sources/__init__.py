"""Owns checking the data sources of reports: it names the source that failed."""

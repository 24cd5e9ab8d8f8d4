"""Jobmeter: a self-hosted partner platform for job advertising."""

__version__ = "0.3.0"

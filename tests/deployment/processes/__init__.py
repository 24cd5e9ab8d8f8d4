"""Processes beside and after each other: servers, workers, one that takes over."""

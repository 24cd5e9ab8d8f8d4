"""Owns where pulled rows are stored: files or databases. A step and the state after it are stored together."""

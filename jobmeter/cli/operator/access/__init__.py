"""Owns the commands of who may use the installation: `jobmeter keys ...`, `jobmeter people ...`."""

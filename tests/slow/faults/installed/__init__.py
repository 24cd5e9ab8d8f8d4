"""Owns the installation that rounds break: its data folder, database, server and networks. Does not own breaking it or any expectation."""

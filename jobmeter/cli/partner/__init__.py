"""Owns the commands of partners, which use the client: they work against Jobmeter and against LinkedIn."""

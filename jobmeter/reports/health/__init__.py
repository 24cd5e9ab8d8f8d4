"""Owns what the operator reads of the server's health: its database, queues and chores. Read-only."""

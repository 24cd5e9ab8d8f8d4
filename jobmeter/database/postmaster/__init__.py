"""Owns the process of the embedded PostgreSQL: its owner, its environment, who may connect, starting and stopping it.

Does not own which data folder is used or who shares it (``database.embedded``).
"""

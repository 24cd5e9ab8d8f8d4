"""Owns in which transactions a batch is recorded: one, or one for each shard where the database is distributed.

Does not own what is recorded (``intake``).
"""

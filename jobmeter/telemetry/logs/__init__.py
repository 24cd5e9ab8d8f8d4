"""Owns the log of a server and of a worker: its two formats, what each line says of its request or chore, and what no line may contain.

Does not own which lines are written, or how often one that repeats itself is (``database.throttled_log``).
"""

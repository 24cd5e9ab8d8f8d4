"""Owns background work: tasks, expiry, settlement, event partitions; when each is due and in which order.

Does not own the work itself: every chore is a flow of another package, in its own transaction.
"""

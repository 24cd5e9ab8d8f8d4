"""Owns background work: tasks, expiry, settlement, event partitions; when each falls due and in which order.

Does not own what any of it does: every chore is a flow of a slice, in a transaction of its own.
"""

"""Owns the audit log: who did which administrative act, when, through which door, and what it changed; append-only and sealed.

Does not own the acts: the edge that carries one out records it in the same transaction.
"""

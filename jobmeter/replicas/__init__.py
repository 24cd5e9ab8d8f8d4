"""Owns how far a replica of the database is behind it, and whether it may answer reads.

Does not own which reads it may answer (``api.routes``).
"""

"""Owns what happened between two moments, in order: days that became final, jobs that ended, documents, notifications, feeds.

Only reads, and not for production: it goes through tables that are not indexed for it, which is what a sandbox can afford.
"""

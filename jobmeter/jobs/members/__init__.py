"""Owns what posters, customers and people of a partner see of their jobs, of every kind, and what they change: texts, close, renew.

Does not own who a person is, the money of a job, or what its partner does with it.
"""

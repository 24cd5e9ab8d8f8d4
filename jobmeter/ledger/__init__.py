"""Owns accounts and postings: amounts of one unit moved between two accounts, never changed afterwards.

Does not own jobs, clicks, prices or contracts; it knows accounts by kind and owner number alone. The charges
that intake books by the million have a partition of their own, written by ``jobmeter.charging``.
"""

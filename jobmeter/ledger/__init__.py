"""Owns accounts and postings: an amount of one unit moved between two accounts, never changed afterwards.

Does not own jobs, clicks, prices or contracts; it knows accounts only by kind and owner number. Charges,
which intake books by the million, have their own partition, written by ``jobmeter.charging``.
"""

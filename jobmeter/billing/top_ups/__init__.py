"""Owns top-ups that are paid: the payment and what it adds to a contract are one act with one reference.

Does not own the units or the money of a contract, nor the line of an invoice: a run makes it of the same posting.
"""

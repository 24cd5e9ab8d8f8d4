"""Owns the check of the laws of the money: one statement per law, each reporting the rows that break it.

Reads any table and writes none.
"""

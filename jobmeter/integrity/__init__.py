"""Owns the check of the laws of the money: one statement a law, each naming the rows that break it.

Reads any table and writes none.
"""

"""Owns exports: any range of days of one kind of rows, for all applications of the caller, in four file formats.

Reads any table and writes none. Does not own the figures themselves (``reports``, ``explain``, ``billing``).
"""

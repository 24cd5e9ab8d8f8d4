"""Owns which stored data are about people, for how long and why; and erasing what is stored of a member or of a visitor.

Does not own the tables: each slice erases in its own.
"""

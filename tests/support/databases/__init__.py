"""Owns what tests do to a database and read of it: connections that end at a commit, the content of tables.

Does not own any expectation.
"""

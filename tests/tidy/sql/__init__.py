"""Checks of the statements: their text, their callers, that they can be prepared, which slice writes a table."""

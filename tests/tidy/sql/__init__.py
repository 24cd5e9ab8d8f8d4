"""Statements: their text, who calls them, that they prepare, who writes which table."""

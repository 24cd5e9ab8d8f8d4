"""Checks of the code inside a room: shape, sizes, positional arguments, time, money, statuses, dead code."""

"""Owns when each chore of the server ran last. Does not own what a chore does, or when it is due (``worker``).

Written by every process that runs chores, about once a minute.
"""

"""Owns notifications to partners: the endpoints they register, queued notifications, delivery results.

Does not own the content of a notification (its sender's) or the sending itself (``jobmeter.worker``).
"""

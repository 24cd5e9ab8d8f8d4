"""Owns what partners are told without asking: where they want to be told, notices, what came of their delivery.

Does not own what a notice says (whoever posts it) or the sending itself (``jobmeter.worker``).
"""

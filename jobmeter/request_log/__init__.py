"""Owns the log of requests: the last ones of each partner, with secrets masked, bounded in rows, bytes and days.

Does not own which requests are partners' (``api``), or what is concluded from them (``certification``).
"""

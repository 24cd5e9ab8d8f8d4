"""Owns what follows when a job's standing changes: the feed that job boards follow, status notices, budget alerts.

Does not own how a job stands (``jobmeter.jobs``) or the sending of notices (``jobmeter.notifications``).
"""

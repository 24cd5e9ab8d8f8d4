"""Owns reactions to a change of a job's status: the feed for job boards, status notifications, budget alerts.

Does not own a job's status (``jobmeter.jobs``) or sending notifications (``jobmeter.notifications``).
"""

"""Owns the reports: job reports by ids and by date range, the budget report, and the check of the laws of the money.

Reads any table and writes none. Does not own how a report looks on the wire (``jobmeter.api``).
"""

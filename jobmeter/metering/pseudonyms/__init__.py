"""Owns under which numbers the visitors and networks of events are stored: each day's own, which nobody can read once the day's salt is deleted.

Does not own the numbers that intake makes of visitors and addresses (``intake.columns``), or when salts are deleted (``worker.personal_data``).
"""

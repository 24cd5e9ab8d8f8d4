"""Owns the mails to people: their texts in each language, and sending them while nobody waits."""

"""Owns the charge itself: the one statement that decides, books and counts a batch of clicks."""

"""Owns the list of clicks that were not charged, with the reason for each."""

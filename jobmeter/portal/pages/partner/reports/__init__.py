"""Owns the pages of a partner's figures by day: reports of any range, and clicks that were not charged."""

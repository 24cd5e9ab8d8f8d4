"""Owns the partitions of events: made ahead, exported, dropped when their time is over."""

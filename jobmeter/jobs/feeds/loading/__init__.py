"""Loads a feed: creates, changes and closes its jobs by difference, batch by batch."""

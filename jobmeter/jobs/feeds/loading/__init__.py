"""Loading a feed: its jobs created, changed and closed by difference, batch by batch."""

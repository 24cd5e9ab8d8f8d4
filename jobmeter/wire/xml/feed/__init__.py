"""Owns the wire format of the XML job feed: its stream, its jobs, their content."""

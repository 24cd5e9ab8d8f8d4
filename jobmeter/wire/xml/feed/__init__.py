"""The XML job feed at the wire: its stream, its jobs, their content."""

"""Pages of a partner: its overview and its list of jobs."""

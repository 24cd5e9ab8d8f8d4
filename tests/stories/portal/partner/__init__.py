"""Pages of a partner: its overview, its jobs, one of them down to the click, its reports."""

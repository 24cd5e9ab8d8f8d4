"""What a partner reads at a glance: the list of its jobs, the overview, its last requests."""

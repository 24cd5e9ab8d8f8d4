"""Owns what a partner reads at a glance: the list of its jobs, its contracts and the overview."""

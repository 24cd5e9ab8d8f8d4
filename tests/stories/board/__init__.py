"""Stories of a job board."""

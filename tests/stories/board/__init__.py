"""What a job board reads."""

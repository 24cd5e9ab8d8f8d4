"""Pages of job lists over random jobs."""

"""Members and customers on the pages of their jobs."""

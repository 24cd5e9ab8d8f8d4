"""Stories of billing: accounts, usage and statements."""

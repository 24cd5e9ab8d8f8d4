"""Stories of an operator."""

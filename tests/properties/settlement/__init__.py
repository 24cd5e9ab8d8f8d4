"""Settlement against a naive model."""

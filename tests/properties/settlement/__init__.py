"""Settlement compared with a naive model."""

"""The pages of a partner's money and of its customers' statements."""

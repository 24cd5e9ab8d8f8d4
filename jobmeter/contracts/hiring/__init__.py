"""Owns hiring contracts: a customer's contract with its job slots, for each child application."""

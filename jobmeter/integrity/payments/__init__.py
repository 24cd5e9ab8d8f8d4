"""Owns the laws of payments: each is booked once, and pays no more than invoices ask for."""

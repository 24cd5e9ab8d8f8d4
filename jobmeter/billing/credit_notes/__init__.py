"""Owns credit notes that the operator makes: of lines or of a whole invoice, as goodwill or with the budget returned.

Does not own those that a month below zero becomes (``billing.invoices``).
"""

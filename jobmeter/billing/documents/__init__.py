"""Owns reading documents: lists, their lines, and what each line opens to.

Does not own making or changing them (``billing.invoices``, ``billing.credit_notes``).
"""

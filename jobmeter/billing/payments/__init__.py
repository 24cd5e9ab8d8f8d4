"""Owns payments of billing accounts: what was paid and went back, which invoices it pays, reminders of the others.

Does not own documents, or how a provider takes a payment.
"""

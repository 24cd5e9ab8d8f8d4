"""Owns the partner's endpoints of billing: invoices, payments, credits, refunds, statements, usage."""

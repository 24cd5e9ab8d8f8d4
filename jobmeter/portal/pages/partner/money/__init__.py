"""Owns the pages of a partner's money: invoices and their lines, payments, statements of its customers, contracts."""

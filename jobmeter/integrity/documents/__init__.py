"""Owns the laws of invoices and credit notes: sums, numbers, cuts, postings, digests. Reads any table and writes none."""

"""Owns the chain of hashes over the ledger's days."""

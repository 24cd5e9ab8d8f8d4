"""Owns the laws of billing: accounts and agreements that fit their partners and contracts."""

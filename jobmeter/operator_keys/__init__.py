"""Owns the named keys of the installation's own people and programs: what each may do, their secrets, their end."""

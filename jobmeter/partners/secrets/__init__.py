"""Owns the secrets of applications: rolled, and retired one by one."""

"""Histories of P4P operations compared with plain models."""

"""Histories of P4P operations against plain models."""

"""Owns runs of billing that somebody asks for, and how far a month is billed and paid."""

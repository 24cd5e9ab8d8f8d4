"""Owns the demonstration: real ads, played days, printed reports."""

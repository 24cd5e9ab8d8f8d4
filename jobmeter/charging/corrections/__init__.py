"""Owns what takes charges back: reversals, credits and late clicks. It adds postings and changes none."""

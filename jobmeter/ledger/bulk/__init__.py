"""Owns postings that are booked in bulk, in one statement."""

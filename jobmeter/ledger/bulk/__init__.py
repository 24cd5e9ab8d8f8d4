"""Owns postings that are booked by the many, in one statement."""

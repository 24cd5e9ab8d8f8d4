"""Owns the laws of the files of documents. Does not own the files."""

"""Owns the files of issued documents: made once, kept, handed out and mailed. Does not own how a format is written."""

"""Owns what a changed price would mean, from the jobs of the last days. Does not own prices (``contracts``)."""

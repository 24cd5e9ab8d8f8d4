"""Owns the partner's job list: a narrow copy of each job, which is searched, ordered, counted by state and read in pages.

Does not own jobs, their promotion or their figures, of which it is a copy: nothing is decided or summed from it.
"""

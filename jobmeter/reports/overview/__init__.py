"""Owns a partner's overview: what its contracts have spent and have left, its jobs by state, and what needs somebody.

Reads only. Does not own any of the figures: days that are not final are those of the job lists' last count.
"""

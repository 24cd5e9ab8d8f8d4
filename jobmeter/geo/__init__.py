"""Owns places: cities with their regions and countries, the numbers of countries, and the reading of an address.

Does not own what a job does with its place (``jobmeter.jobs``). Pure. Knows no database.
"""

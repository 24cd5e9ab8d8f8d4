"""Owns places: cities with their regions and countries, country numbers, and the parsing of addresses.

Does not own how a job uses its location (``jobmeter.jobs``). Pure. Does not use the database.
"""

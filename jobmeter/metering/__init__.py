"""Owns events: takes views and apply clicks in, once each, and decides which of them count.

Does not own what a click costs (``jobmeter.charging``) or what is reversed later (``jobmeter.settlement``).
"""

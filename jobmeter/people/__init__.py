"""Owns the people who log in to the web pages: their roles, requests to log in, sessions and passkeys.

Does not own the keys of programs (``operator_keys``, ``partners``), or what a role may see and do on a page.
"""

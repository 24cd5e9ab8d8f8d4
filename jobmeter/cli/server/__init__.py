"""Owns the commands that run the server, or work on its database: they need the libraries of the server.

Does not own the commands that talk to a running server over HTTP.
"""

"""Owns requests to a server: errors, attempts, tokens, reading. Does not own what is requested (the resources do)."""

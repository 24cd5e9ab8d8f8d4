"""Owns passkeys: registered by a person who is logged in, used to log in and to confirm who they are. Needs `jobmeter[portal]`."""

"""Owns logging in by mail: requests, the link, the code, and how many mails an address and a network may ask for."""

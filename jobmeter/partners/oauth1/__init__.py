"""Owns OAuth 1.0a signatures of the XML jobs API: consumers, nonces, verification."""

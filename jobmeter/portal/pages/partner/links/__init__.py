"""Owns the pages on how a partner's software is connected: webhooks, applications, feeds, the log of its requests."""

"""Dispatches notifications: webhooks over HTTP, mail through the operator's server."""

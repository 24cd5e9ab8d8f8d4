"""Owns listening to a running sandbox: its requests as they are recorded, its webhooks as they arrive, forwarded unchanged."""

"""Owns the endpoints of an application: registering, changing and removing one, and its signing secrets."""

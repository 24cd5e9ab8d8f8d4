"""Owns traces: a span of each request, of the statements and requests that it causes, and of background work, for whatever reads OpenTelemetry.

Does not own the library, which is imported only where traces are on (``sdk``).
"""

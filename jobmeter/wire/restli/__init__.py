"""Owns the Rest.li protocol in both versions: URI grammar, methods, tunnelling, projections, envelopes, API versions.

Does not own HTTP statuses, nor error texts that contain a URI (``jobmeter.api`` does).
"""

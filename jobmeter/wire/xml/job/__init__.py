"""Owns the wire format of a job in the XML API: request, fields, keys, selectors, response, error document."""

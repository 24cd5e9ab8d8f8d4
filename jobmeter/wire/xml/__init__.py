"""Owns the wire format of the XML jobs API and the XML job feed: documents, code tables, keys, selectors.

Pure. Converts between bytes and values. Does not depend on contracts, existing jobs, SQL or HTTP.
"""

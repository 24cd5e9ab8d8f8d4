"""The XML jobs API and the XML job feed at the wire: documents, code tables, keys, selectors, renderings.

Pure. Bytes and values in, values and bytes out. Knows no contract, no job that exists, no SQL and no HTTP.
"""

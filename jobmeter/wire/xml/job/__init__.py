"""The XML job at the wire: request, fields, keys, selectors, response, error document."""

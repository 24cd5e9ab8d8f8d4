"""The Rest.li protocol, both dialects: URI grammar, methods, tunnelling, projections, envelopes, versions.

Owns text and shapes only. Status numbers and the texts of refusals that carry a URI belong to the edge.
"""

"""Owns the formats of documents: PDF, EN 16931 as CII and UBL, CSV, JSON and Excel. Does not own when a file is made or kept."""

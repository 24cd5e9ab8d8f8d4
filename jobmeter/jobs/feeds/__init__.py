"""Owns job feeds: fetched, compared with what is posted, carried out in chunks."""

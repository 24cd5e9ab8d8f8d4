"""Owns pictures of figures by day: as SVG without script, and as text for a terminal. Pure.

Does not own the figures. Solid is final, hatched is estimated, in every picture.
"""

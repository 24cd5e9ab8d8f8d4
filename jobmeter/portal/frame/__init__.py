"""Owns what all pages share: the visit, sessions, forms, refusals, headers, assets and the rendering of templates."""

"""Owns the pages of one job of a partner: its money and figures, one of its days down to the click."""

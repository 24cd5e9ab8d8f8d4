"""Owns the texts of the pages in all languages, and figures, days and times as a viewer reads them."""

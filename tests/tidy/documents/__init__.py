"""Checks of the documents: links, decisions, the reference, the glossary, the changelog, the locks."""

"""Owns the checklist: the table of rules, the verdict on each, and the report as text, HTML and JSON."""

"""Owns how each rule is judged: one function for each, from all recorded requests to a finding."""

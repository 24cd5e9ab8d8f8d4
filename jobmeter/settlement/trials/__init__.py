"""Owns trials of a rule: what another setting would have reversed on days that are over. A trial changes nothing."""

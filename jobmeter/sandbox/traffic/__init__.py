"""Owns synthetic traffic with known truth: generated, scheduled, played, scored."""

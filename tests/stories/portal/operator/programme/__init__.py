"""Tests of the pages of the programme: settlement, invalid traffic, explanations, contracts, billing runs, health."""

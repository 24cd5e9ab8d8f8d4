"""Owns limits of a day: how a budget is spread over the days, and which jobs rest until tomorrow."""

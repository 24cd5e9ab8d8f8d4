"""Owns the commands ``jobmeter billing ...``, which call the operator's endpoints of billing."""

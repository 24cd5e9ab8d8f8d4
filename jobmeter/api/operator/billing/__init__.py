"""Owns the operator's endpoints of billing, one file per URL. The partner's use the same responses."""

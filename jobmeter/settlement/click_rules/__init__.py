"""Owns the rules by which settled days are rechecked, and the operator's settings of them."""

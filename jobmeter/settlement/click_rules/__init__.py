"""Owns the rules by which settled days are rechecked, and what an operator set differently."""

"""Owns job slots: who holds one, and giving it back."""

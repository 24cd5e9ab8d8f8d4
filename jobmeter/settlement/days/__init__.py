"""Owns days becoming final: rechecked once no event can still arrive, then closed."""

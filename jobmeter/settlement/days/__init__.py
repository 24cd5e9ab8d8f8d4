"""Owns making days final: rechecked once no event can still arrive, then closed."""

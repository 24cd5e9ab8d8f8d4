"""Owns the temporary files of exports that cannot be sent while they are read, so that a broken download can continue."""

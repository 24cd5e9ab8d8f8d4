"""Owns the care of an installation: backups, the archive of its log, restoring, the checks of a doctor, capacity.

Does not own the commands (``cli.server``) or the checks of a restored database (``integrity``).
"""

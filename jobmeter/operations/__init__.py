"""Owns the care of an installation's database: backups, the archive of its log, restoring.

Does not own the commands (``cli.server``) or the checks of a restored database (``integrity``).
"""

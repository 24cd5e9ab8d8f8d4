"""Owns sessions: begun at a log-in, found by their token, renewed, listed, ended, deleted when they are over."""

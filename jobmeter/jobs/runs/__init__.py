"""Owns a posting's runs: the slot that one holds, the windows in which its events count, its end."""

"""Owns a posting's runs: the windows in which it is live, and the end of a run."""

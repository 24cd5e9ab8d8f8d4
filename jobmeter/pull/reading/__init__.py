"""Owns what is pulled: the configuration, the streams and their rows, which days are still needed, reading them step by step."""

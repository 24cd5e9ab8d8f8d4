"""Owns the laws of what others follow: numbers, cursors, the promotion feed, contracts' spend, the head of the chain."""

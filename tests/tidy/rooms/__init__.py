"""Checks of the rooms: the line, the order inside a slice, what rooms expose to each other, purity, the size of folders."""

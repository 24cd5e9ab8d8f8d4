"""Owns what a monitoring program reads of a server: the table of metrics, counting them in each process, and writing them all.

Does not own who may read them (``api.metrics``) or when something is counted (the pipeline, the endpoints, the loop of chores).
"""

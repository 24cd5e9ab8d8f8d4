"""Owns the sandbox: the movable clock, the traffic generator with known ground truth, forced failures, the demo.

Does not own protocol behaviour: a sandbox responds exactly as a production server does.
"""

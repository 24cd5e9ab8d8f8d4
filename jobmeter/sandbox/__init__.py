"""Owns the sandbox: the movable clock, the traffic generator with known ground truth, forced failures, the demo.

Does not own protocol behaviour: what a sandbox answers is what a production server answers.
"""

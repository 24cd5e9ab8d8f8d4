"""Owns the wire formats: Rest.li, XML and event batches. Pure. Uses no SQL, no HTTP framework and no slice."""

"""Formats at the wire: Rest.li, XML and event batches. Pure. Knows no SQL, no HTTP framework and no slice."""

"""Formats at the wire: Rest.li, XML and event batches. Pure: knows no SQL, no HTTP framework and no slice."""

"""Owns the format of ids: job ids that contain their shard, URNs, references of postings. Pure.

Does not own sequences (the database does) or the owner of an id.
"""

import hashlib
from uuid import UUID

SHARD_COUNT = 256

URN_APPLICATION = "urn:li:developerApplication:"
URN_CONTRACT = "urn:li:contract:"
URN_TASK = "urn:li:simpleJobPostingTask:"
URN_JOB = "urn:li:jobPosting:"
URN_CAMPAIGN = "urn:li:jobCampaign:"
URN_GEO = "urn:li:geo:"


def make_job_id(sequence: int, shard: int) -> int:
    """Returns a job id. Its lowest eight bits are the shard, so the rows of a click are found without a look-up."""
    assert 0 <= shard < SHARD_COUNT
    return sequence * SHARD_COUNT + shard


def shard_of(owner_id: int) -> int:
    """The shard of a job, which its id carries, or of an application or contract, which has that of its last bits.

    In SQL, `shard_of` of a job's id.
    """
    return owner_id % SHARD_COUNT


def read_urn(text: str, prefix: str) -> int | None:
    """Returns the number after ``prefix``, or ``None`` if ``text`` is not such a URN."""
    if not text.startswith(prefix):
        return None
    key = text[len(prefix) :]
    return int(key) if key.isascii() and key.isdigit() and len(key) <= 18 else None


def make_reference(*parts: object) -> UUID:
    """Returns the reference of a posting that may exist only once: the same parts give the same reference."""
    text = "\x1f".join(str(part) for part in parts)
    return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())

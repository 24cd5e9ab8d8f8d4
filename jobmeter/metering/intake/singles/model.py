"""Owns what the statement of single events takes: events that count, and what their jobs were judged by."""

from dataclasses import dataclass

from jobmeter.database.columns import Bigint, Columns, Integer, Smallint, Uuid


@dataclass(frozen=True, slots=True)
class NewEvents(Columns):
    """Events of one day that count if they are new, in the order in which they are stored."""

    shards: Smallint
    keys: Uuid
    job_ids: Bigint
    kinds: Smallint
    visitors: Bigint
    addresses: Bigint


@dataclass(frozen=True, slots=True)
class JudgedJobs(Columns):
    """Their jobs, with the revisions of the live windows by which the events were judged."""

    judged_shards: Smallint
    judged_jobs: Bigint
    revisions: Integer

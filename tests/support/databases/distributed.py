"""Owns a database of one server that does by shard what a distributed one does by shard, and may die in between.

Does not own any expectation.
"""

from tests.support.databases.dying_database import DyingDatabase


class DistributedDatabase(DyingDatabase):
    """``points`` also says how many transactions there were."""

    @property
    def is_distributed(self) -> bool:
        return True

"""Owns where each table is on a server whose tables are distributed over nodes (Citus), and the plan that brings them there. Pure.

Does not own carrying it out (``operations.store``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    """Where the rows of a table are."""

    BY_SHARD = "by shard"
    EVERYWHERE = "on every node"
    HERE = "on the coordinator"


# The pieces of all of them that have the same shards are on one node. The first leads: the others are placed beside it.
BY_SHARD = (
    *("job_budgets", "job_postings", "job_standings", "job_changes", "job_posting_versions", "job_campaigns"),
    *("job_tasks", "listed_job_notes", "job_days", "job_months", "job_day_refusals", "job_day_restatements"),
    *("events", "event_reversals", "settlement_jobs", "ledger_postings", "ledger_balances", "ledger_seals"),
    "credit_uses",
)
# Small, changed rarely, and read together with what is placed by shard; in the order of their foreign keys.
EVERYWHERE = (
    *("applications", "partner_contracts", "customer_contracts", "click_prices", "hiring_contracts"),
    *(
        "hiring_grants",
        "ledger_seal_rounds",
        "event_days",
        "settled_days",
        "settlement_runs",
        "job_day_folds",
    ),
    "job_month_keeping",
)
# What is neither on the path of an event nor read with it, row by row.
HERE = (
    *("access_tokens", "application_secrets", "call_counters", "repeat_claims", "signature_nonces"),
    *("signing_secrets", "operator_keys", "operator_key_secrets", "logged_requests", "schema_migrations"),
    *("people", "person_grants", "person_sessions", "login_requests", "passkeys", "passkey_challenges"),
    *("billing_accounts", "billing_agreements", "billing_allocations", "billing_cuts", "billing_documents"),
    *("billing_file_tasks", "billing_files", "billing_holds", "billing_lines", "billing_logos"),
    *("billing_mails", "billing_months", "billing_payments", "billing_profiles", "billing_provider_events"),
    *("billing_reminder_rounds", "billing_reminders", "billing_sellers", "billing_series"),
    *("billing_tax_rates", "billing_taxes", "customer_refunds", "hiring_prices"),
    *("audit_records", "audit_seals", "restatement_seals", "ledger_horizon"),
    *("notices", "notice_cursors", "notice_endpoints", "notice_secrets", "budget_alerts"),
    *("contract_days", "contract_spends", "contract_spend_cursor", "delivery_changes", "delivery_numbers"),
    *("job_notes", "listed_jobs", "listed_contract_days", "listed_job_counts", "uncounted_jobs"),
    "poster_retention",
    *("job_feeds", "feed_jobs", "feed_runs", "feed_errors", "chore_runs", "stream_positions"),
    *("stream_consumers", "visitor_salts", "blocked_networks", "excluded_visitors", "filter_policies"),
    *("filter_revision", "day_filter_lists", "recent_clicks", "refused_events", "settlement_rules"),
    *("settlement_exclusions", "sandbox_clock", "sandbox_events", "sandbox_failure", "sandbox_traffic"),
)
PLACES: Mapping[str, Place] = {
    **dict.fromkeys(EVERYWHERE, Place.EVERYWHERE),
    **dict.fromkeys(BY_SHARD, Place.BY_SHARD),
    **dict.fromkeys(HERE, Place.HERE),
}
LEADER = BY_SHARD[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A rule of a table that names rows of another one."""

    key_name: str
    guarded: str
    named: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placements:
    """What a database has: its tables, where they are, those with policies, and their foreign keys.

    ``has_citus`` is whether the extension is installed in the database, ``is_set_up`` whether its settings are those of a distributed one,
    ``nodes`` are those that receive pieces, and ``has_unplaced_functions`` is whether some of them lack functions.
    """

    tables: Mapping[str, Place]
    with_policies: frozenset[str]
    foreign_keys: tuple[ForeignKey, ...]
    has_citus: bool
    is_set_up: bool
    nodes: tuple[str, ...]
    has_unplaced_functions: bool


class Act(Enum):
    """What a step does. Each is a statement of ``operations.store`` with the same name."""

    SET_UP_DISTRIBUTION = "settings of the database"
    DROP_FOREIGN_KEY = "foreign key dropped"
    DROP_POLICIES = "policies dropped"
    PLACE_CALCULATIONS = "functions of indexes on every node"
    PLACE_EVERYWHERE = "rows on every node"
    PLACE_BY_SHARD = "pieces by shard"
    PLACE_FUNCTIONS = "functions on every node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transaction. ``key_name`` is that of a foreign key which is dropped."""

    act: Act
    table: str = ""
    key_name: str = ""


def plan_distribution(found: Placements) -> list[Step]:
    """Returns what is left to do, in order: nothing of a database that is distributed already.

    A table that this release does not know stays on the coordinator: that of a newer release is placed by it.
    """
    steps = [] if found.is_set_up else [Step(act=Act.SET_UP_DISTRIBUTION)]
    placed = {name for name, place in PLACES.items() if place != Place.HERE and name in found.tables}
    steps += (
        Step(act=Act.DROP_FOREIGN_KEY, table=key.guarded, key_name=key.key_name)
        for key in found.foreign_keys
        if key.guarded not in placed and key.named in placed
    )
    steps += (Step(act=Act.DROP_POLICIES, table=name) for name in sorted(found.with_policies))
    if found.has_unplaced_functions:
        steps.append(Step(act=Act.PLACE_CALCULATIONS))
    for name in (name for name in PLACES if name in placed):
        if found.tables[name] == Place.HERE:
            is_divided = PLACES[name] == Place.BY_SHARD
            steps.append(Step(act=Act.PLACE_BY_SHARD if is_divided else Act.PLACE_EVERYWHERE, table=name))
    if found.has_unplaced_functions:
        steps.append(Step(act=Act.PLACE_FUNCTIONS))
    return steps


def find_misplaced(tables: Mapping[str, Place]) -> list[str]:
    """Returns the tables that are placed otherwise than this release places them, which no step can change."""
    return sorted(
        name for name, place in tables.items() if place not in {Place.HERE, PLACES.get(name, Place.HERE)}
    )


def list_places(names: Iterable[str]) -> dict[Place, list[str]]:
    """Returns the tables of each place, in the order in which they are placed."""
    existing = set(names)
    return {place: [name for name in PLACES if PLACES[name] == place and name in existing] for place in Place}

"""Owns the decisions about contracts: which one a call refers to, what a click costs. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.partner.model import ClickPrice, JobTraits, PartnerContract


def choose_contract(
    contracts: Sequence[PartnerContract], wanted_id: int | None, now: datetime
) -> PartnerContract:
    """Returns the partner contract that a set-up call refers to (spec 3).

    An omitted id refers to the partner's only contract. Raises ``Refused``: CONTRACT_NOT_CHOSEN when it is
    omitted and there are several, CONTRACT_UNKNOWN for another partner's or no contract, CONTRACT_ENDED
    outside its term.
    """
    if wanted_id is None and len(contracts) > 1:
        raise Refused(Fault.CONTRACT_NOT_CHOSEN, count=len(contracts))
    matching = [contract for contract in contracts if wanted_id in {None, contract.id}]
    if not matching:
        raise Refused(Fault.CONTRACT_UNKNOWN)
    if not matching[0].is_active(now):
        raise Refused(Fault.CONTRACT_ENDED, contract=matching[0].id)
    return matching[0]


def choose_price(prices: Sequence[ClickPrice], traits: JobTraits, now: datetime) -> int:
    """Returns the price of one apply click in micros: of the lines in force, the one that matches the most traits.

    Country takes precedence over function, function over experience; of equal lines the newest applies.
    """
    best = max(
        (price for price in prices if price.valid_from <= now and _matches(price.traits, traits)),
        key=lambda price: (_rank(price.traits), price.valid_from),
    )
    return best.price_micros


def split_prices(prices: Iterable[ClickPrice], now: datetime) -> tuple[list[ClickPrice], list[ClickPrice]]:
    """Returns the lines in force, one for each combination of traits, and those to come."""
    in_force: dict[JobTraits, ClickPrice] = {}
    to_come = []
    for price in sorted(prices, key=lambda one: one.valid_from):
        if price.valid_from <= now:
            in_force[price.traits] = price
        else:
            to_come.append(price)
    return list(in_force.values()), to_come


def _matches(line: JobTraits, job: JobTraits) -> bool:
    return (
        line.country in {"", job.country}
        and line.job_function.casefold() in {"", job.job_function.casefold()}
        and line.experience_level in {"", job.experience_level}
    )


def _rank(line: JobTraits) -> tuple[bool, bool, bool]:
    return bool(line.country), bool(line.job_function), bool(line.experience_level)

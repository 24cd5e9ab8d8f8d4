"""Owns how a job of a list is shown: its state as a shape and a word, its kind."""

from typing import NamedTuple

from jobmeter.job_lists.model import ListedState
from jobmeter.portal.catalogue.texts import mark


class StateChip(NamedTuple):
    kind: str
    shape: str
    text: str


CHIPS = {
    ListedState.PROMOTED: StateChip(kind="good", shape="full", text=mark("Promoted")),
    ListedState.LISTED: StateChip(kind="good", shape="full", text=mark("Listed")),
    ListedState.IN_PROGRESS: StateChip(kind="good", shape="hourglass", text=mark("In progress")),
    ListedState.RAN_OUT: StateChip(kind="warn", shape="half", text=mark("Budget ran out")),
    ListedState.DAY_BUDGET: StateChip(kind="still", shape="empty", text=mark("Day's budget used")),
    ListedState.CAMPAIGN_OFF: StateChip(kind="still", shape="empty", text=mark("Campaign paused")),
    ListedState.NOT_PUBLIC: StateChip(kind="still", shape="empty", text=mark("Not for the public")),
    ListedState.FAILED: StateChip(kind="bad", shape="triangle", text=mark("Failed")),
    ListedState.CLOSED: StateChip(kind="still", shape="square", text=mark("Closed")),
    ListedState.EXPIRED: StateChip(kind="still", shape="square", text=mark("Expired")),
}

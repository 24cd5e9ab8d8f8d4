"""Owns a round: a copied data folder, actors and nemesis at the same time, then the auditor.

Does not own the faults (``nemesis``), the work (``actors``) or what is expected (``auditor``).
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.slow.faults import actors, nemesis
from tests.slow.faults.actors import CLOCK_PATH, KEY_MS, Actor, play, read_task
from tests.slow.faults.auditor import (
    Verdict,
    audit_events,
    count_invoices,
    list_broken_laws,
    list_differing,
    read_stored,
)
from tests.slow.faults.callers import Caller, RoundOver, Shift
from tests.slow.faults.installed.bases import RELEASED, Bases, choose_base
from tests.slow.faults.installed.clock import FAKE_TIME, set_wall_clock
from tests.slow.faults.installed.forks import Origin
from tests.slow.faults.installed.installation import Installation
from tests.slow.faults.nemesis import CLOCK, DISK, MIGRATION_KILL, Struck
from tests.slow.faults.receipts import Receipts, Write
from tests.slow.faults.record import HOLDS, NOT_JUDGED, Row

FAULTS_COUNT = (3, 6)
CALM_SECONDS = 0.5  # after the recovery from the last fault
LOOK_SECONDS = 0.1
REPAIRED_SECONDS_MAX = 90  # for what was begun to be answered, once everything is repaired
MIGRATION_SECONDS = (0.5, 4.0)  # from the start of a server to its end
RESULT_CHARACTERS_MAX = 600
STATUSES_EXPECTED = ("1", "2", "3", "4", "503")
WORK: tuple[tuple[str, Callable[[Actor], None]], ...] = (
    ("a", actors.send_batches),
    ("b", actors.send_batches),
    ("c", actors.follow_links),
    ("p", actors.post_jobs),
    ("o", actors.run_programme),
    ("r", actors.read_everything),
)


@dataclass(frozen=True)
class Plan:
    """What a seed decides before a round begins."""

    seed: int
    base: str
    available: frozenset[str]
    skipped: tuple[str, ...]


def make_plan(seed: int, rng: Random, *, can_mount: bool) -> Plan:
    base = choose_base(rng)
    wishes = {DISK: rng.random() < 1 / 5, CLOCK: rng.random() < 1 / 5}
    possible = {DISK: can_mount, CLOCK: FAKE_TIME.exists()}
    wanted = {need for need, is_wanted in wishes.items() if is_wanted}
    return Plan(
        seed=seed,
        base=base,
        available=frozenset(need for need in wanted if possible[need]),
        skipped=tuple(sorted(need for need in wanted if not possible[need])),
    )


def kill_while_migrating(installation: Installation, rng: Random) -> list[Struck]:
    """Kills the server, its database, or both, while it upgrades the schema. It is started again each time."""
    struck = []
    for _ in range(rng.randrange(1, 4)):
        began_at = time.monotonic()
        time.sleep(rng.uniform(*MIGRATION_SECONDS))
        kill = rng.choice([nemesis.kill_server, nemesis.kill_database, nemesis.kill_everything])
        kill(installation, rng)
        struck.append(Struck(MIGRATION_KILL, began_at, time.monotonic()))
    return struck


@dataclass(frozen=True)
class Played:
    """What is left of a round once its actors have ended."""

    struck: list[Struck]
    recoveries: list[float]
    open_jobs: tuple[int, ...]
    began_ms: int
    is_recovered: bool
    failures: tuple[str, ...] = ()
    has_ended: bool = True


@dataclass(frozen=True)
class Rounds:
    """What all rounds share: the data folders that they start from, and the processes that servers are forks of: one, and one
    whose forks have a movable clock.
    """

    bases: Bases
    origin: Origin
    clock_origin: Origin | None

    def play(self, seed: int, folder: Path, *, can_mount: bool) -> tuple[Row, str]:
        """Plays the round of a seed in an empty folder and audits it. Returns its row, whatever was found, and the server's log.

        What it leaves there and in processes is for the caller to end.
        """
        began_at, receipts, rng = time.monotonic(), Receipts(), Random(seed)
        plan = make_plan(seed, rng, can_mount=can_mount)
        data = folder / "data"
        if DISK in plan.available:
            assert nemesis.mount_disk(folder)
        data.mkdir()
        self.bases.copy(plan.base, data)
        environment = set_wall_clock(data, 0) if CLOCK in plan.available else {}
        origin = self.clock_origin if CLOCK in plan.available else self.origin
        assert origin is not None
        installation = Installation(data, origin, environment=environment)
        try:
            installation.start()
            played = break_it(installation, plan, rng, receipts)
            verdict = audit(installation, receipts, played)
            row = make_row(plan, receipts, replace(played, has_ended=installation.stop()), verdict)
        except Exception as error:  # noqa: BLE001 -- the round is recorded as one that failed
            result = f"{NOT_JUDGED}: {type(error).__name__}: {error}"[:RESULT_CHARACTERS_MAX]
            row = Row(seed=seed, result=result)
            installation.stop()
        log = installation.server.log
        installation.stop_database()
        return replace(row, seconds=round(time.monotonic() - began_at, 1)), log


def break_it(installation: Installation, plan: Plan, rng: Random, receipts: Receipts) -> Played:
    """Works and breaks at the same time, until all faults are over and everything begun is answered."""
    struck = kill_while_migrating(installation, rng) if plan.base == RELEASED else []
    installation.server.wait_until_it_answers()
    credentials, shift, name = installation.server.credentials, Shift(), f"s{plan.seed}"
    opener = Caller(installation.base_url, credentials, Receipts(), shift)
    open_jobs = actors.open_business(opener, name=name)
    began_ms = opener.read_now_ms()
    opener.close()
    threads, failures = list[threading.Thread](), list[str]()
    for letter, act in WORK:
        caller = Caller(installation.base_url, credentials, receipts, shift)
        actor = Actor(f"{name}{letter}", caller, Random(f"{plan.seed}{letter}"), open_jobs)
        threads.append(threading.Thread(target=play, args=(act, actor, failures), daemon=True))
    for thread in threads:
        thread.start()
    for fault in nemesis.choose_faults(rng, set(plan.available), rng.randint(*FAULTS_COUNT)):
        struck.append(nemesis.strike(installation, fault, rng))
    installation.server.wait_until_it_answers()
    wait_for_recovery(struck, receipts)
    shift.end(seconds_left=REPAIRED_SECONDS_MAX)
    for thread in threads:
        thread.join(REPAIRED_SECONDS_MAX + 10)
    is_recovered = not any(thread.is_alive() for thread in threads)
    return Played(
        struck=struck,
        recoveries=find_recoveries(struck, receipts.moments),
        open_jobs=open_jobs,
        began_ms=began_ms,
        is_recovered=is_recovered,
        failures=tuple(failures),
    )


def wait_for_recovery(struck: list[Struck], receipts: Receipts) -> None:
    """Until something that was sent after the last fault is acknowledged, or for as long as a repair may take."""
    give_up_at = time.monotonic() + REPAIRED_SECONDS_MAX
    while len(find_recoveries(struck, receipts.moments)) < len(struck) and time.monotonic() < give_up_at:
        time.sleep(LOOK_SECONDS)
    time.sleep(CALM_SECONDS)


def find_recoveries(struck: list[Struck], moments: list[tuple[float, float]]) -> list[float]:
    """For each fault the seconds from its end to the next acknowledgement of something that was sent after it."""
    found = []
    for one in struck:
        later = [ended for began, ended in moments if began >= one.ended_at]
        if later:
            found.append(round(min(later) - one.ended_at, 2))
    return found


def audit(installation: Installation, receipts: Receipts, played: Played) -> Verdict:
    """Sends every write again, looks for each posting, then reads the database."""
    caller = Caller(installation.base_url, installation.server.credentials, Receipts(), Shift())
    caller.shift.end(seconds_left=REPAIRED_SECONDS_MAX)
    # Two minutes later the key of a request that was killed is free.
    caller.ask("POST", "/sandbox/clock", json={"advance": "3m"}, headers=caller.as_operator)
    repeated, unanswered = repeat(caller, order_repeats(receipts.writes))
    lost = [found for task in receipts.postings.values() if (found := find_loss(caller, task))]
    caller.close()
    url = installation.database.url
    verdict = audit_events(receipts, read_stored(url), open_jobs=played.open_jobs)
    return replace(
        verdict,
        lost_postings=lost,
        repeated_writes=repeated,
        differing_writes=[*list_differing(receipts), *unanswered],
        laws=list_broken_laws(url),
        invoices=count_invoices(url, since_ms=played.began_ms),
    )


def order_repeats(writes: list[Write]) -> list[Write]:
    """The moves of the clock come first: the repeat of an interrupted one continues it, and it may outlive the keys of the others."""
    return sorted(writes, key=lambda write: write.path != CLOCK_PATH)


def is_known(write: Write, now_ms: int) -> bool:
    """Whether the server still knows the key of a write: its clock may have been moved by more than it keeps one."""
    return now_ms - write.at_ms < KEY_MS


def repeat(caller: Caller, writes: list[Write]) -> tuple[int, list[str]]:
    """Sends each write again whose key is known when its turn comes. Returns how many, and those that were not answered.

    A move of the clock that nobody waits for any more may continue, and delete the key: then an answer says nothing.
    """
    repeated, unanswered = 0, []
    for write in writes:
        if not is_known(write, caller.read_now_ms()):
            continue
        if caller.write(write, seconds_max=REPAIRED_SECONDS_MAX) is None:
            unanswered.append(f"{write.path}: no answer")
        elif not is_known(write, caller.read_now_ms()):
            write.answers.pop()
            continue
        repeated += 1
    return repeated, unanswered


def find_loss(caller: Caller, task: str) -> str:
    """What is wrong with the task of a posting that was accepted; empty if the job was posted, even if it is closed by now."""
    found: dict[str, object] = {}
    with contextlib.suppress(RoundOver):
        while (found := read_task(caller, task)).get("status") == "IN_PROGRESS":
            time.sleep(LOOK_SECONDS)
    return "" if "jobPosting" in found else json.dumps(found)


def make_row(plan: Plan, receipts: Receipts, played: Played, verdict: Verdict) -> Row:
    names = [one.name for one in played.struck]
    unexpected = sum(
        count
        for status, count in receipts.statuses.items()
        if status.isdigit() and not status.startswith(STATUSES_EXPECTED)
    )
    wrong = {
        # Somebody who did not work to the end asked for less than the round promises.
        NOT_JUDGED: "; ".join(played.failures),
        "not recovered": not played.is_recovered or len(played.recoveries) < len(played.struck),
        "not ended": not played.has_ended,
        "unexpected responses": unexpected and f"{unexpected}, such as {receipts.errors[:1]}",
        "lost": verdict.lost and f"{verdict.lost}, such as {verdict.lost_events}",
        "stored twice": verdict.stored_twice,
        "charged twice": verdict.charged_twice,
        "not charged": verdict.uncharged,
        "postings lost": "; ".join(verdict.lost_postings),
        "repeated writes answered otherwise": "; ".join(verdict.differing_writes),
        "laws": "; ".join(verdict.laws),
    }
    return Row(
        seed=plan.seed,
        faults={name: names.count(name) for name in sorted(set(names))},
        acknowledged=verdict.acknowledged,
        lost=verdict.lost,
        stored_twice=verdict.stored_twice,
        charged_twice=verdict.charged_twice,
        uncharged=verdict.uncharged,
        writes=verdict.repeated_writes,
        differing_writes=len(verdict.differing_writes),
        postings=len(receipts.postings),
        lost_postings=len(verdict.lost_postings),
        invoices=verdict.invoices,
        pages=len(receipts.pages),
        unexpected_responses=unexpected,
        recovery_seconds=played.recoveries,
        result=", ".join(f"{name}: {value}" for name, value in wrong.items() if value)[:RESULT_CHARACTERS_MAX]
        or HOLDS,
        skipped=list(plan.skipped),
    )

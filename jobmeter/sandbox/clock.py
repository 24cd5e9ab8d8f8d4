"""Owns the movable clock: machine time plus an offset stored in the database, so that every process uses it.

Does not own the work that falls due on the way (``jobmeter.worker``); it runs it step by step, in order.
"""

from datetime import datetime, timedelta

from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.base.days import DAY_MS, day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers import times
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.request_control import flow as request_control
from jobmeter.request_control.model import Request
from jobmeter.sandbox.traffic import store
from jobmeter.sandbox.traffic.live import TrafficPlayer
from jobmeter.worker import chores

MOVE_DAYS_MAX = 3_660  # each of them is processed in full


class MachineClock:
    """The clock of a production server."""

    async def read(self) -> datetime:
        return read_machine_clock()


class SandboxClock:
    """A clock that runs with the machine's, ahead of it by an offset that only grows."""

    def __init__(self, database: Database, settings: Settings, known: IntakeCaches | None = None) -> None:
        self._database = database
        self._settings = settings
        self._player = TrafficPlayer(database, settings, known or IntakeCaches())

    async def read(self) -> datetime:
        async with self._database.connection() as connection:
            offset_ms = await store.read_offset(connection)
        return read_machine_clock() + timedelta(milliseconds=offset_ms)

    async def move_to(
        self, wanted: datetime, *, now: datetime | None = None, repeatable: Request | None = None
    ) -> datetime:
        """Moves the clock forward to ``wanted`` and runs, in order, everything that falls due on the way.

        ``now`` is the reading from which a duration was counted, so that even the shortest is never backwards. If an
        earlier execution of ``repeatable`` died on the way, continues to where that was moving. Raises ``Refused``:
        CLOCK_BACKWARDS, since processed time cannot be undone; OPERATOR_INPUT for more than ten years at once.
        """
        now = now or await self.read()
        if repeatable is None:
            _check_move(wanted, now)
        else:
            wanted = await self._decide_once(repeatable, wanted, now)
        made_for, has_traffic = None, await self._player.is_on()
        while now < wanted:
            until = min(wanted, _next_hour(now)) if has_traffic else wanted
            now = await chores.next_due(self._database, after=now, until=until)
            is_new_day = day_of(now) != made_for
            if is_new_day:
                # Before anybody sees the day: events of one that could not be made, on a full disk, would fail.
                await chores.make_event_days(self._database, now=now)
                made_for = day_of(now)
            await self._show(now)
            if is_new_day:
                await chores.run_due(self._database, self._settings, now=now)
            else:
                await chores.run_until_idle(self._database, self._settings, now=now)
            if has_traffic:
                await self._player.play(now)
        return now

    async def move_by(self, span: timedelta, *, repeatable: Request | None = None) -> None:
        """Moves the clock forward by ``span``, as ``move_to``; it runs on while what falls due is carried out."""
        now = await self.read()
        began = read_machine_clock()
        moved = await self.move_to(now + span, now=now, repeatable=repeatable)
        await self._show(moved + (read_machine_clock() - began))

    async def _decide_once(self, request: Request, wanted: datetime, now: datetime) -> datetime:
        async with self._database.transaction() as connection:
            earlier = await request_control.decide_once(
                connection,
                request=request,
                decision=wanted.isoformat().encode(),
                secret_key=self._settings.secret_key,
                now=now,
                kept_from=wanted,
            )
            if earlier is None:
                _check_move(wanted, now)
        return wanted if earlier is None else datetime.fromisoformat(earlier.decode())

    async def _show(self, moment: datetime) -> None:
        """Shows ``moment``, or a later time that the clock has reached meanwhile: the offset only grows."""
        offset_ms = to_ms(moment) - to_ms(read_machine_clock())
        async with self._database.transaction() as connection:
            await store.set_offset(connection, offset_ms=offset_ms)


def _next_hour(now: datetime) -> datetime:
    """Visitors that are made by the hour arrive hour by hour."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _check_move(wanted: datetime, now: datetime) -> None:
    if wanted < now:
        raise Refused(Fault.CLOCK_BACKWARDS, now=now.isoformat(), wanted=wanted.isoformat())
    if wanted - now > timedelta(days=MOVE_DAYS_MAX):
        raise Refused(Fault.OPERATOR_INPUT, field="clock", why=f"moves at most {MOVE_DAYS_MAX} days at once")


def read_span(text: str) -> timedelta:
    """Parses ``3d``, ``36h``, ``1d12h``, ``90m``, ``45s``. Raises ``Refused(OPERATOR_INPUT)``."""
    milliseconds = times.read_span_ms(text)
    if milliseconds is None:
        raise Refused(
            Fault.OPERATOR_INPUT,
            field="advance",
            why=f"{text[:40]!r} is not a valid duration; use for example {times.SPAN_EXAMPLES}",
        )
    # A duration beyond the calendar is refused like any other that is too long.
    return timedelta(milliseconds=min(milliseconds, (MOVE_DAYS_MAX + 1) * DAY_MS))


def read_moment(text: str, field: str = "set") -> datetime:
    """An RFC 3339 time with an offset, or milliseconds since 1970. Raises ``Refused``."""
    moment = times.read_moment(text)
    if moment is None:
        raise Refused(Fault.OPERATOR_INPUT, field=field, why=f"{text[:40]!r} is not a time")
    return moment

"""Owns generating views and apply clicks: who visits which job when, which visits are genuine, how events arrive.

Does not own the truth file, sending batches, or any verdict: a label says what an event is, not how it is
treated.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from jobmeter.base.days import DAY_MS
from jobmeter.sandbox.traffic import special_visits
from jobmeter.sandbox.traffic.ground_truth import APPLY_CLICK, VIEW, Cell, DayTruth, Label, day_of_ms
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.schedule import ScheduledEvent, TrafficEvent
from jobmeter.sandbox.traffic.special_visits import mix

SECOND_MS = 1_000
HOUR_MS = 3_600_000
AFTER_CLOSE_MS = DAY_MS
SOURCE = "sandbox-traffic"

# Visits by local hour: a quiet night, a peak before lunch, a second one in the evening.
HOUR_WEIGHTS = (
    *(0.30, 0.20, 0.15, 0.12, 0.15, 0.25, 0.50, 0.90, 1.40, 1.70, 1.80, 1.75),
    *(1.60, 1.55, 1.50, 1.40, 1.30, 1.25, 1.30, 1.40, 1.35, 1.10, 0.80, 0.50),
)
# Visits by weekday, Monday first: people look for work at work.
WEEKDAY_WEIGHTS = (1.20, 1.25, 1.20, 1.10, 0.95, 0.60, 0.70)

# Rank-size exponent 0.8: a tenth of the jobs gets most of the visits, and none more than 500 times the least
# popular.
POPULARITY_EXPONENT = 1.25
POPULARITY_RANGE = 500.0

BROWSER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
)
CRAWLER_AGENTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
_AGENTS = BROWSER_AGENTS + CRAWLER_AGENTS
_LABELS = tuple(Label)
_CODE = {label: code for code, label in enumerate(_LABELS)}
_TYPES = (VIEW, APPLY_CLICK)
_ROW = np.dtype(
    [
        ("job", "i8"),  # position in the field, not the id
        ("time", "i8"),
        ("delay", "i8"),
        ("visitor", "u8"),
        ("agent", "i1"),
        ("click", "i1"),
        ("label", "i1"),
    ],
    align=True,
)


Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Shares = NDArray[np.float64]
Rows = np.ndarray[tuple[int], np.dtype[np.void]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """The jobs of one day as columns, in the order of their ids."""

    day_start_ms: int
    job_ids: Ints
    live_from: Ints
    live_until: Ints
    mean_views: Shares
    markets: tuple[str | None, ...]

    @property
    def day_end_ms(self) -> int:
        return self.day_start_ms + DAY_MS


def generate_day(
    jobs: Iterable[LiveJob], day_start_ms: int, plan: TrafficPlan
) -> tuple[list[ScheduledEvent], DayTruth]:
    """Returns all events of one UTC day in the order of their delivery, each with its label.

    The same jobs, day and plan give the same events, whichever other days are generated and in whatever order
    the jobs are given. Events arrive 50-2,000 ms after their time, late ones 1-47 hours (so that a clock that
    moves in steps of an hour still delivers them within 48), ones that are too late more than 48 and at most
    72 hours.
    """
    assert day_start_ms % DAY_MS == 0, "a day starts at midnight UTC"
    rng = np.random.default_rng([plan.seed, day_start_ms // DAY_MS])
    field = _build_field(jobs, day_start_ms, plan)
    visits = _sample_visits(field, plan, rng)
    _set_apart(visits, field, plan)
    clicks = _sample_clicks(visits, field, plan, rng)
    doubles = _sample_double_clicks(clicks, field, plan, rng)
    bursts = _sample_bursts(field, plan, rng)
    rows = np.concatenate([visits, clicks, doubles, bursts])
    rows = rows[np.argsort(rows["time"], kind="stable")]
    ids = [f"{plan.seed}-{day_start_ms // DAY_MS}-{n}" for n in range(len(rows))]
    again = np.flatnonzero(rng.random(len(rows)) < plan.repeat_rate)
    labels = map(_LABELS.__getitem__, rows["label"].tolist())
    truth = DayTruth(
        day=day_of_ms(day_start_ms),
        counts=_count(rows, field) | _count(rows[again], field, repeated=True),
        labels=dict(zip(ids, labels, strict=True)),
    )
    return _deliver(rows, _make_events(rows, ids, field), again, rng), truth


def sample_popularity(job_ids: Ints, seed: int) -> Shares:
    """Returns the popularity of each job, from a truncated power law with mean 1.

    A job's share depends only on its id and the seed, so it does not change when other jobs are added or
    removed.
    """
    uniform = (mix(job_ids.astype(np.uint64) ^ mix(np.array([seed], np.uint64))) >> np.uint64(11)) / 2.0**53
    exponent, most = POPULARITY_EXPONENT, POPULARITY_RANGE
    weight = (1 - uniform * (1 - most**-exponent)) ** (-1 / exponent)
    mean = exponent / (exponent - 1) * (1 - most ** (1 - exponent)) / (1 - most**-exponent)
    return np.asarray(weight / mean, np.float64)


def _build_field(jobs: Iterable[LiveJob], day_start_ms: int, plan: TrafficPlan) -> _Field:
    day_end_ms = day_start_ms + DAY_MS
    near = sorted(
        (
            job
            for job in jobs
            if job.live_from_ms < day_end_ms and job.live_until_ms + AFTER_CLOSE_MS > day_start_ms
        ),
        key=attrgetter("job_id"),
    )
    job_ids = np.array([job.job_id for job in near], np.int64)
    assert len(np.unique(job_ids)) == len(job_ids), "a job is given once"
    given = np.array([np.nan if job.popularity is None else job.popularity for job in near], np.float64)
    popularity = np.where(np.isnan(given), sample_popularity(job_ids, plan.seed), given)
    # 1 January 1970 was a Thursday, the fourth day of the week.
    weekday = (day_start_ms // DAY_MS + 3) % 7
    level = plan.views_per_job_day * WEEKDAY_WEIGHTS[weekday] * len(WEEKDAY_WEIGHTS) / sum(WEEKDAY_WEIGHTS)
    return _Field(
        day_start_ms=day_start_ms,
        job_ids=job_ids,
        live_from=np.array([job.live_from_ms for job in near], np.int64),
        live_until=np.array([job.live_until_ms for job in near], np.int64),
        mean_views=level * popularity,
        markets=tuple(job.market for job in near),
    )


def _sample_visits(field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> Rows:
    """Generates views by visitors and declared crawlers: a Poisson process, thinned to the jobs' live windows."""
    seen = rng.poisson(field.mean_views * (1 + plan.crawler_rate))
    rows = np.zeros(int(seen.sum()), _ROW)
    rows["job"] = np.repeat(np.arange(len(seen)), seen)
    rows["time"] = _sample_times(len(rows), field, plan, rng)
    kind = rng.random(len(rows))
    timely = rng.random(len(rows))
    rows["label"] = _CODE[Label.GENUINE]
    rows["label"][timely < plan.late_rate + plan.too_late_rate] = _CODE[Label.LATE]
    rows["label"][timely < plan.too_late_rate] = _CODE[Label.TOO_LATE]
    rows["label"][kind < plan.crawler_rate / (1 + plan.crawler_rate)] = _CODE[Label.CRAWLER]
    rows = _thin(rows, field, plan, rng)
    _set_delays(rows, rng)
    _set_visitors(rows, field, plan, rng)
    return rows


def _thin(rows: Rows, field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> Rows:
    """Keeps the visits during the life of their job, and a small share of those after it."""
    until = field.live_until[rows["job"]]
    begun = rows["time"] >= field.live_from[rows["job"]]
    after = begun & (rows["time"] >= until) & (rows["time"] < until + AFTER_CLOSE_MS)
    after &= rng.random(len(rows)) < plan.after_close_rate
    rows["label"][after] = _CODE[Label.AFTER_CLOSE]
    kept: Rows = rows[(begun & (rows["time"] < until)) | after]
    return kept


def _sample_times(count: int, field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> Ints:
    weights = np.roll(HOUR_WEIGHTS, -plan.utc_offset_hours)
    share = np.concatenate([[0.0], np.cumsum(weights) / np.sum(weights)])
    within = np.interp(rng.random(count), share, np.arange(25) * HOUR_MS).astype(np.int64)
    return field.day_start_ms + np.minimum(within, DAY_MS - 1)


def _set_delays(rows: Rows, rng: np.random.Generator) -> None:
    rows["delay"] = rng.integers(50, 2 * SECOND_MS, len(rows))
    late = np.flatnonzero(rows["label"] == _CODE[Label.LATE])
    rows["delay"][late] = rng.integers(HOUR_MS, 47 * HOUR_MS, len(late))
    too_late = np.flatnonzero(rows["label"] == _CODE[Label.TOO_LATE])
    rows["delay"][too_late] = rng.integers(48 * HOUR_MS + 1, 72 * HOUR_MS, len(too_late))


def _set_visitors(rows: Rows, field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> None:
    """Assigns visitors: each visits several jobs a day, at most once; a crawler is always the same visitor."""
    pool = 1 + int(len(rows) / plan.views_per_visitor)
    number = rng.integers(0, pool, len(rows))
    _, first = np.unique(number * len(field.job_ids) + rows["job"], return_index=True)
    twice = np.ones(len(rows), bool)
    twice[first] = False
    number[twice] = pool + np.arange(int(twice.sum()))
    rows["visitor"], rows["agent"] = _introduce(number, rng)
    crawler = np.flatnonzero(rows["label"] == _CODE[Label.CRAWLER])
    agent = rng.integers(len(BROWSER_AGENTS), len(_AGENTS), len(crawler))
    rows["agent"][crawler] = agent
    rows["visitor"][crawler] = mix(agent.astype(np.uint64))


def _set_apart(rows: Rows, field: _Field, plan: TrafficPlan) -> None:
    """Turns some genuine visits into special ones. Uses a separate generator, so the other traffic does not change."""
    rng = np.random.default_rng([plan.seed, field.day_start_ms // DAY_MS, 1])
    has_market = np.array([bool(market) for market in field.markets], bool)[rows["job"]]
    chosen = special_visits.choose_special_visits(
        rows["label"] == _CODE[Label.GENUINE], has_market, plan.special_visits, rng
    )
    for label, visits in chosen.items():
        rows["label"][visits] = _CODE[label]
    staff, declared = chosen[Label.STAFF], chosen[Label.DECLARED_CRAWLER]
    rows["visitor"][staff] = special_visits.sample_staff(len(staff), rng)
    rows["agent"][staff] = rows["visitor"][staff] % np.uint64(len(BROWSER_AGENTS))
    rows["visitor"][declared], rows["agent"][declared] = _introduce(np.arange(len(declared)), rng)


def _introduce(number: Ints, rng: np.random.Generator) -> tuple[Words, Words]:
    """Returns dissimilar tokens and a browser for each visitor of the day, so that no number distinguishes robots."""
    token = mix(number.astype(np.uint64) + rng.integers(0, 2**63, dtype=np.uint64))
    return token, token % np.uint64(len(BROWSER_AGENTS))


def _sample_clicks(visits: Rows, field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> Rows:
    """Lets some visitors apply, half of them within 40 seconds, unless the job or the day ends first."""
    clicks = visits[rng.random(len(visits)) < plan.apply_rate]
    clicks["click"] = 1
    reading = rng.lognormal(math.log(40 * SECOND_MS), 0.8, len(clicks))
    clicks["time"] += SECOND_MS + reading.astype(np.int64)
    kept: Rows = clicks[_fits(clicks, field)]
    return kept


def _sample_double_clicks(clicks: Rows, field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> Rows:
    chosen = (clicks["label"] == _CODE[Label.GENUINE]) & (rng.random(len(clicks)) < plan.double_click_rate)
    doubles = clicks[chosen]
    doubles["label"] = _CODE[Label.DOUBLE_CLICK]
    doubles["time"] += rng.integers(SECOND_MS, 9 * SECOND_MS, len(doubles))
    kept: Rows = doubles[_fits(doubles, field)]
    return kept


def _sample_bursts(field: _Field, plan: TrafficPlan, rng: np.random.Generator) -> Rows:
    """Generates undeclared robots: one visitor at one address clicks through the jobs, three a second,
    without views.
    """
    wanted = float(field.mean_views.sum()) * plan.apply_rate * plan.bot_rate
    bursts = int(rng.poisson(wanted / plan.burst_clicks))
    rows = np.zeros(bursts * plan.burst_clicks, _ROW)
    burst = np.repeat(np.arange(bursts), plan.burst_clicks)
    step = np.tile(np.arange(plan.burst_clicks), bursts)
    start = rng.integers(0, max(1, len(field.job_ids)), bursts)
    rows["job"] = (start[burst] + step) % max(1, len(field.job_ids))
    pauses = rng.exponential(300.0, (bursts, plan.burst_clicks)).astype(np.int64)
    rows["time"] = _sample_times(bursts, field, plan, rng)[burst] + np.cumsum(pauses, axis=1).ravel()
    rows["click"] = 1
    rows["label"] = _CODE[Label.ROBOTIC]
    token, agent = _introduce(np.arange(bursts), rng)
    rows["visitor"], rows["agent"] = token[burst], agent[burst]
    kept: Rows = rows[_fits(rows, field) & (rows["time"] >= field.live_from[rows["job"]])]
    _set_delays(kept, rng)
    return kept


def _fits(rows: Rows, field: _Field) -> NDArray[np.bool_]:
    """Whether an event happens on its day and, except after the close, while its job is live."""
    open_still = rows["time"] < field.live_until[rows["job"]]
    may_follow = open_still | (rows["label"] == _CODE[Label.AFTER_CLOSE])
    fits: NDArray[np.bool_] = may_follow & (rows["time"] < field.day_end_ms)
    return fits


def _make_events(rows: Rows, ids: list[str], field: _Field) -> list[TrafficEvent]:
    tokens, token_index = np.unique(rows["visitor"], return_inverse=True)
    visitors = list(map(special_visits.name_visitor, tokens.tolist()))
    words = mix(tokens).tolist()
    addresses = list(map(make_address, words))
    columns = zip(
        ids,
        rows["click"].tolist(),
        field.job_ids[rows["job"]].tolist(),
        rows["time"].tolist(),
        token_index.tolist(),
        rows["agent"].tolist(),
        rows["job"].tolist(),
        map(_LABELS.__getitem__, rows["label"].tolist()),
        strict=True,
    )
    return [
        TrafficEvent(
            source=SOURCE,
            id=event_id,
            type=_TYPES[click],
            job_id=job_id,
            time_ms=time_ms,
            visitor=visitors[who],
            user_agent=_AGENTS[agent],
            address=addresses[who],
            country=special_visits.choose_country(field.markets[job], label, words[who]),
            is_crawler=True if label is Label.DECLARED_CRAWLER else None,
        )
        for event_id, click, job_id, time_ms, who, agent, job, label in columns
    ]


def make_address(word: int) -> str:
    """Returns an address of the documentation range (RFC 3849); no group is zero, so its text is canonical."""
    low, middle, high = word & 0xFFFF | 0x1000, word >> 16 & 0xFFFF | 0x1000, word >> 32 & 0xFFFF | 0x1000
    return f"2001:db8:{low:x}:{middle:x}::{high:x}"


def _deliver(
    rows: Rows, events: list[TrafficEvent], again: Ints, rng: np.random.Generator
) -> list[ScheduledEvent]:
    """Returns each event once, and those in ``again`` a second time, unchanged, one second to six hours later."""
    first = rows["time"] + rows["delay"]
    second = first[again] + rng.integers(SECOND_MS, 6 * HOUR_MS, len(again))
    moments = np.concatenate([first, second])
    order = np.argsort(moments, kind="stable")
    row = np.concatenate([np.arange(len(rows)), again])[order]
    return list(map(ScheduledEvent, moments[order].tolist(), map(events.__getitem__, row.tolist())))


def _count(rows: Rows, field: _Field, *, repeated: bool = False) -> dict[Cell, int]:
    label = _CODE[Label.REPEATED] if repeated else rows["label"].astype(np.int64)
    codes, events = np.unique((rows["job"] * 2 + rows["click"]) * len(_LABELS) + label, return_counts=True)
    counts: dict[Cell, int] = {}
    for code, count in zip(codes.tolist(), events.tolist(), strict=True):
        job, kind = divmod(code // len(_LABELS), 2)
        cell = Cell(int(field.job_ids[job]), _TYPES[kind], _LABELS[code % len(_LABELS)])
        counts[cell] = count
    return counts

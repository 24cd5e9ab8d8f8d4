"""Owns the figures of user agents: matching those of a batch in which all differ, precision and recall on labelled ones.

Does not need a server: a batch spends this time in a thread before its transaction.
"""

import time
from datetime import datetime
from pathlib import Path

from bench.machine import Machine
from bench.measurement import Measured, Sizes
from jobmeter.metering.intake.agents import find_non_browsers, load_browsers, load_robots, match_agents

AGENTS = 10_000
RUNS = 3
LABELLED = Path(__file__).parents[1] / "tests" / "fixtures" / "user_agents.tsv"
TEXT = "Mozilla/5.0 (Linux; Android 14; SM-{}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.{}.{} Mobile Safari/537.36"


def measure_agents(_: Machine, __: Sizes, ___: datetime) -> dict[str, Measured]:
    """Measures the time of ten thousand agents that were never seen, and how well robots are distinguished from browsers."""
    load_robots()
    load_browsers()
    timings = []
    for run in range(RUNS):
        agents = [TEXT.format(number, number, run) for number in range(AGENTS)]
        began = time.perf_counter()
        match_agents(agents, judges_browsers=True)
        timings.append((time.perf_counter() - began) * 1_000)
    precision, recall = _score()
    return {
        "agents_batch": Measured(tuple(timings)),
        "agents_precision": Measured((precision,)),
        "agents_recall": Measured((recall,)),
    }


def _score() -> tuple[float, float]:
    """Returns which share of the refused agents are robots, and which share of the robots are refused; in percent."""
    rows = [line.split("\t") for line in LABELLED.read_text(encoding="utf-8").splitlines()[1:]]
    refused = find_non_browsers([agent for _, agent in rows]).tolist()
    labels = [label for (label, _), is_refused in zip(rows, refused, strict=True) if is_refused]
    robots = sum(label == "robot" for label, _ in rows)
    return 100 * labels.count("robot") / len(labels), 100 * labels.count("robot") / robots

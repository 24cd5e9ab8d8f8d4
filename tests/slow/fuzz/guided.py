"""Owns the fuzzer: changes inputs at random, and keeps those that run lines of the parser in an order that no other did.

Does not own the parsers or what they may raise (``parsers``). The same seed gives the same inputs.
"""

import random
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import jobmeter

OURS = str(Path(jobmeter.__file__).parent)
INPUT_BYTES_MAX = 4_096
KEPT_MAX = 2_000
# What numbers, texts and libraries have limits at, and the marks of all the grammars.
PIECES = (
    *(
        b"\0",
        b"\r\n",
        b"\n\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        "\u0661".encode(),
    ),
    *(
        b"%00",
        b"%",
        b"%E",
        b"%ED%A0%80",
        b"%25",
        b"%2C",
        b"+",
        b"&",
        b"=",
        b";",
        b"''",
        b"List(",
        b"()",
        b"(",
        b")",
        b",",
        b":",
    ),
    *(
        b"$*",
        b"$start:",
        b"-",
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b'\\"',
        b"\\ud800",
        b"\\u0000",
        b"null",
        b"true",
        b"1e999",
        b"NaN",
    ),
    *(
        b"0",
        b"-1",
        b"9" * 20,
        b"9" * 400,
        b"18446744073709551616",
        b"9223372036854775807",
        b"0.1",
        b"1e-400",
        b"Infinity",
    ),
    *(
        b"<a>",
        b"</a>",
        b"<a/>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<!DOCTYPE a [",
        b"<!ENTITY b 'c'>",
        b"&b;",
        b"&#0;",
    ),
    *(
        b"&#xD800;",
        b"<?xml version='1.0' encoding='utf-7'?>",
        b"xmlns='x'",
        b"--b\r\n",
        b"--b--",
        b"Content-Type: ",
        b"\r\n\r\n",
    ),
    *(
        b"0001-01-01",
        b"9999-12-31",
        b"T24:00:00Z",
        b"T23:59:60Z",
        b"-14:00",
        b"+99:99",
        b"2026-02-30",
        b"::ffff:",
        b"[::1]",
    ),
    *(
        b":99999",
        b"%eth0",
        b"0x7f.1",
        b"xn--",
        b"\xc3\x9f.example",
        b"http://",
        b"javascript:",
        b"@",
        b"/..",
        b"\\",
    ),
    *(
        b"OAuth ",
        b'oauth_nonce="',
        b"oauth_version=",
        b"x" * 300,
        b" " * 300,
        b"(" * 60,
        b"[" * 200,
        b"<a>" * 60,
    ),
)


@dataclass(frozen=True, slots=True)
class Crash:
    """An exception that is not documented, and the input that caused it."""

    sent: bytes
    error: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``edges`` counts the pairs of lines of our own code that ran one after the other, ``kept`` the inputs that found a new one."""

    tried: int
    refused: int
    edges: int
    kept: int
    crashes: tuple[Crash, ...]


class EdgeTrace:
    """Notes each pair of lines of our own code that run one after the other, as ``sys.settrace`` reports them.

    ``sys.monitoring``, which is faster, exists from Python 3.12 on.
    """

    def __init__(self, within: str) -> None:
        self._within = within
        self.seen: set[tuple[CodeType, int, int]] = set()
        self.is_new = False
        self._found: set[tuple[CodeType, int, int]] = set()

    def run(self, call: Callable[[], Any]) -> bool:
        """Whether the call, which may raise, ran an edge that was never seen before."""
        self._found = set()
        before = sys.gettrace()
        sys.settrace(self._enter)
        threading.settrace(self._enter)  # for threads that the parser starts
        try:
            call()
        finally:
            sys.settrace(before)
            threading.settrace(None)
            self.is_new = not self._found <= self.seen
            self.seen |= self._found
        return self.is_new

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if not code.co_filename.startswith(self._within):
            return None
        last, found = [0], self._found

        def note(inner: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
            if event == "line":
                found.add((code, last[0], inner.f_lineno))
                last[0] = inner.f_lineno
            return note

        return note


def fuzz(
    parse: Callable[[bytes], Any],
    *,
    documented: tuple[type[Exception], ...],
    seeds: Sequence[bytes],
    inputs: int,
    seed: int,
    within: str = OURS,
) -> Outcome:
    """Tries so many inputs, beginning with the seeds. An exception that is not documented is a crash, each kind once.

    ``within`` is the folder or file of the code whose lines guide the changes.
    """
    rng, trace = random.Random(seed), EdgeTrace(within)
    kept, refused, crashes = list(seeds), 0, dict[str, Crash]()
    for number in range(inputs):
        sent = seeds[number] if number < len(seeds) else change(rng, kept)
        try:
            is_new = trace.run(lambda sent=sent: parse(sent))
        except documented:
            refused += 1
            is_new = trace.is_new
        except Exception as error:  # noqa: BLE001 -- which one is the result
            kind = f"{type(error).__name__}: {str(error)[:60]}"
            crashes.setdefault(kind, Crash(sent, kind))
            is_new = False
        if is_new and number >= len(seeds) and len(kept) < KEPT_MAX:
            kept.append(sent)
    return Outcome(inputs, refused, len(trace.seen), len(kept) - len(seeds), tuple(crashes.values()))


def change(rng: random.Random, kept: Sequence[bytes]) -> bytes:
    """One of the inputs that are kept, newer ones more often, with one to eight changes."""
    place = max(rng.randrange(len(kept)), rng.randrange(len(kept)))
    changed = bytearray(kept[place])
    for _ in range(1 << rng.randrange(4)):
        at = rng.randrange(len(changed) + 1)
        end = min(len(changed), at + (1 << rng.randrange(6)))
        kind = rng.randrange(7)
        if kind == 0:
            del changed[at:end]
        elif kind == 1:
            changed[at:at] = changed[at:end] * (1 << rng.randrange(5))
        elif kind == 2:
            other = rng.choice(kept)
            begin = rng.randrange(len(other) + 1)
            changed[at:end] = other[begin : begin + (1 << rng.randrange(8))]
        elif kind == 3 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 4 and at < len(changed):
            changed[at] = rng.randrange(256)
        else:
            changed[at : rng.choice((at, end))] = rng.choice(PIECES)
    return bytes(changed[:INPUT_BYTES_MAX])

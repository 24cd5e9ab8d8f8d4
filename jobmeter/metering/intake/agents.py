"""Owns what a user agent is: a robot of the public list, a browser of our own list, or neither.

Each distinct text is matched once and remembered. Does not own which of them count (``rules``). Pure.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

import crawleruseragents
import numpy as np
from ua_parser import Domain
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

from jobmeter.database.arrays import Column

AGENT_CHARACTERS_MAX = 512
AGENTS_REMEMBERED_MAX = 65_536
AGENTS_INLINE_MAX = 200  # that are new and matched on the event loop; a thread matches more

BROWSERS_VERSION: Final = "2026-11"
"""The version of ``BROWSERS``: change it with the list."""
BROWSERS: Final = frozenset({
    "Amazon Silk", "AOL", "Avast Secure Browser", "AVG Secure Browser", "BlackBerry WebKit", "Brave", "Chrome",
    "Chrome Mobile", "Chrome Mobile iOS", "Chrome Mobile WebView", "Chromium", "Coc Coc", "DuckDuckGo", "DuckDuckGo Mobile",
    "Ecosia Android", "Ecosia iOS", "Edge", "Edge Mobile", "Epiphany", "Facebook", "Facebook Messenger", "Falkon", "Firefox",
    "Firefox Focus", "Firefox iOS", "Firefox Mobile", "Google", "HuaweiBrowser", "Huawei Browser", "IE", "IE Mobile",
    "Iceweasel", "Instagram", "Iron", "Kiwi Chrome", "Klar", "Konqueror", "LINE", "LinkedIn", "Maxthon", "MIUI Browser",
    "MiuiBrowser", "Mobile Safari", "Mobile Safari UI/WKWebView", "Naver", "NAVER", "Opera", "Opera Mini", "Opera Mobile",
    "Opera Neon", "Opera Touch", "Opera GX", "Oculus Browser", "Pale Moon", "Pinterest", "Puffin", "QQ Browser", "QQ Browser Mobile",
    "Safari", "Samsung Internet", "SeaMonkey", "Seznam.cz", "Snapchat", "Sogou Explorer", "TikTok", "Tor Browser", "Twitter",
    "UC Browser", "Vivaldi", "Vivo Browser", "VivoBrowser", "Waterfox", "WeChat", "Whale", "WhatsApp", "Yandex Browser", "YandexSearch",
})  # fmt: skip
"""Families, as ua-parser names them, that people use: browsers, and apps that show pages in one."""

_LETTER = re.compile(r"\\.|[A-Z]")

Match = Callable[[str], bool]
_ROBOTS: dict[str | None, bool] = {}
_KNOWN_BROWSERS: dict[str | None, bool] = {}


class _Matcher(NamedTuple):
    """A pattern as ua-parser's engine reads it; the engine filters patterns by literals before it matches any."""

    regex: str
    family: str = "robot"
    major: str | None = None
    minor: str | None = None
    patch: str | None = None
    patch_minor: str | None = None


@lru_cache(maxsize=1)
def load_robots() -> Match:
    """Matches in lower case: robots write their names in any. Takes 0.1 seconds once."""
    patterns = [str(entry["pattern"]) for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA]
    # Classes such as `\S` keep their case.
    lowered = [
        _LETTER.sub(lambda found: found[0] if found[0][0] == "\\" else found[0].lower(), text)
        for text in patterns
    ]
    matchers: Any = [_Matcher(text) for text in lowered]  # the engine reads only these attributes
    resolver = Resolver((matchers, [], []))
    return lambda agent: resolver(agent.lower(), Domain.USER_AGENT).user_agent is not None


@lru_cache(maxsize=1)
def load_browsers() -> Match:
    """Takes half a second once, so that callers on an event loop load it in a thread."""
    families, _, _ = load_builtins()
    resolver = Resolver((families, [], []))

    def is_browser(agent: str) -> bool:
        found = resolver(agent, Domain.USER_AGENT).user_agent
        return found is not None and found.family in BROWSERS

    return is_browser


def is_crawler(agent: str) -> bool:
    """Whether the public list of robots knows this user agent."""
    return _find_remembered(_ROBOTS, agent, load_robots)


def is_browser(agent: str) -> bool:
    """Whether it is the user agent of a browser that people use."""
    return _find_remembered(_KNOWN_BROWSERS, agent, load_browsers)


def _find_remembered(known: dict[str | None, bool], agent: str, load: Callable[[], Match]) -> bool:
    found = known.get(agent)
    if found is None:
        # The engine takes text that can be encoded: half a surrogate pair is replaced.
        found = load()(agent[:AGENT_CHARACTERS_MAX].encode(errors="replace").decode())
        if len(known) >= AGENTS_REMEMBERED_MAX:
            known.clear()
        known[agent] = found
    return found


def list_unknown_agents(agents: Iterable[str | None], *, judges_browsers: bool) -> list[str]:
    """The distinct agents that have not been matched yet."""
    known = _KNOWN_BROWSERS if judges_browsers else _ROBOTS
    return [agent for agent in set(agents) if agent and (agent not in known or agent not in _ROBOTS)]


def match_agents(agents: Iterable[str], *, judges_browsers: bool) -> None:
    """Matches and remembers; the engine is fast enough for ten thousand in a tenth of a second."""
    for agent in agents:
        is_crawler(agent)
        if judges_browsers:
            is_browser(agent)


def find_crawlers(agents: list[str | None], different: set[str | None]) -> Column:
    """Which of the agents are robots'. A batch contains few ``different`` ones; each is looked up once."""
    # Nearly all of them are remembered: without a call for each.
    found = zip(different, map(_ROBOTS.get, different), strict=True)
    chosen = {
        agent for agent, is_robot in found if agent and (is_crawler(agent) if is_robot is None else is_robot)
    }
    return _mark(agents, chosen)


def find_non_browsers(agents: list[str | None]) -> Column:
    """Which of the agents that are given are no browser's, or a robot's."""
    return _mark(
        agents, {agent for agent in set(agents) if agent and (not is_browser(agent) or is_crawler(agent))}
    )


def _mark(agents: list[str | None], chosen: set[str]) -> Column:
    if not chosen:  # as in most batches
        return np.zeros(len(agents), dtype=bool)
    return np.array([agent in chosen for agent in agents], dtype=bool)


def find_absent(agents: list[str | None]) -> Column:
    return np.array([not agent or not agent.strip() for agent in agents], dtype=bool)

"""User agents: robots of the public list in any case, browsers of our own list, precision and recall on labelled ones."""

import time
from datetime import timedelta

import pytest

from jobmeter.base.days import day_of
from jobmeter.metering.intake import agents
from jobmeter.metering.intake.flow import AGENTS_INLINE_MAX, name_lists
from tests.support.paths import FIXTURES
from tests.support.scenario import PRICE_MICROS, START, make_event, open_scenario

LABELLED = [line.split("\t") for line in (FIXTURES / "user_agents.tsv").read_text("utf-8").splitlines()[1:]]
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


def test_no_person_is_refused_and_most_robots_are():
    """Robots that imitate a browser wholly cannot be recognized by their user agent."""
    refused = agents.find_non_browsers([agent for _, agent in LABELLED]).tolist()
    people = [
        agent for (label, agent), bad in zip(LABELLED, refused, strict=True) if bad and label == "person"
    ]
    robots = [bad for (label, _), bad in zip(LABELLED, refused, strict=True) if label == "robot"]
    assert people == []
    assert sum(robots) / len(robots) >= 0.96


@pytest.mark.parametrize(
    "agent",
    [
        "UniversalFeedParser/4.1 +http://feedparser.org/", "Digg Feed Fetcher 1.0", "fetch libfetch/2.0", "BeetleBot", "LumiBot", "Ruby",
        "Chef Client/12.0.0 (ruby-2.1.4-p265; ohai-7.4.0; x86_64-linux; +http://opscode.com)", "W3C_Validator/1.3",
        "Mozilla/5.0 (compatible; EasouSpider; +http://www.easou.com/search/spider.html)", "Mozilla/5.0", "Java/1.8.0_292",
        "Mozilla/5.0 (X11; U; Linux x86_64; en-US; rv:1.9.0.19; aggregator:Spinn3r (Spinn3r 3.1); http://spinn3r.com/robot) Gecko/2010040121 Firefox/3.0.19",
        CHROME.format(120) + " (compatible; Googlebot/2.1)", "\ud83d",
    ],
)  # fmt: skip
def test_what_is_no_browser(agent):
    assert agents.find_non_browsers([agent]).tolist() == [True]


@pytest.mark.parametrize("agent", ["Googlebot/2.1", "GOOGLEBOT/2.1", "googlebot/2.1", "CURL/8.5.0"])
def test_the_name_of_a_robot_is_recognized_in_any_case(agent):
    assert agents.is_crawler(agent)


def test_an_absent_agent_is_neither():
    given = [None, "", " ", CHROME.format(120)]
    assert agents.find_absent(given).tolist() == [True, True, True, False]
    assert agents.find_non_browsers([None, ""]).tolist() == [False, False]


def test_ten_thousand_distinct_agents_are_matched_once():
    texts = [CHROME.format(number) for number in range(10_000)]
    agents.load_robots(), agents.load_browsers()
    unknown = agents.list_unknown_agents(texts, judges_browsers=True)
    assert len(unknown) > 9_000 > AGENTS_INLINE_MAX  # others may have been seen by other tests
    began = time.process_time()
    agents.match_agents(unknown, judges_browsers=True)
    assert time.process_time() - began < 2  # 0.15 seconds without other work
    assert agents.list_unknown_agents(texts, judges_browsers=True) == []
    assert len(agents._KNOWN_BROWSERS) <= agents.AGENTS_REMEMBERED_MAX


def test_the_lists_have_versions():
    assert name_lists().count(", ") == 2
    assert agents.BROWSERS_VERSION in name_lists()


async def test_the_lists_of_a_day_are_recorded_although_its_first_batch_was_rolled_back(
    database_url: str,
) -> None:
    at, recorded = START + timedelta(hours=1), "SELECT day, lists FROM day_filter_lists"
    async with open_scenario(database_url) as scenario:
        job = await scenario.post("job", budget_micros=PRICE_MICROS)
        async with (
            scenario.database.connection() as connection,
            connection.transaction(force_rollback=True),
        ):
            await scenario.ingest_on(connection, [make_event(job, "lost", at)], at)
        assert await scenario.rows(recorded) == []
        for name in ("first", "second", "third"):
            await scenario.ingest([make_event(job, name, at)], at)
            assert await scenario.rows(recorded) == [(day_of(at), name_lists())]
        assert scenario.known.recorded_days == {day_of(at)}

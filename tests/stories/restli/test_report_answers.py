"""Extensions of the reports: entity tags, and reports as of an earlier time."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import make_database
from tests.support.sandbox_client import SandboxClient, make_event, open_sandbox_client, range_text
from tests.support.scenario import few_or_many


def ask(sandbox_client: SandboxClient, query: str, **headers: str):
    return sandbox_client.client.get(
        f"/rest/partnerJobReports?{query}", headers=sandbox_client.headers() | headers
    )


def list_queries(sandbox_client: SandboxClient, first: datetime) -> list[str]:
    """Returns the queries of both reports for the days from ``first`` to yesterday, as far as one call allows."""
    last = (sandbox_client.now - timedelta(days=1)).date()
    day = max(first.date(), last.replace(day=1))
    week = max(first.date(), last - timedelta(days=6))
    return [
        f"ids=List(a,b,c,code-1,none)&dateRange={range_text(day, last)}",
        f"q=dateRange&dateRange={range_text(week, last)}&start=0&count=2",
        f"q=dateRange&dateRange={range_text(week, last)}&start=2&count=2",
    ]


def test_an_unchanged_report_is_not_sent_again(sandbox_client):
    # In the morning, so that the job is live twenty minutes before midnight.
    sandbox_client.advance_to_midnight()
    sandbox_client.advance("9h")
    job_id = sandbox_client.post_job("a")
    sandbox_client.send_clicks(job_id, 2)
    sandbox_client.advance_to_midnight()
    day = sandbox_client.now.date() - timedelta(days=1)
    query = f"ids=List(a)&dateRange={range_text(day, day)}"

    first = ask(sandbox_client, query)
    again = ask(sandbox_client, query, **{"If-None-Match": first.headers["ETag"]})
    listed = ask(sandbox_client, query, **{"If-None-Match": f'"other", W/{first.headers["ETag"]}'})

    assert first.status_code == 200
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert listed.status_code == 304

    late = make_event(
        job_id, "late", sandbox_client.now_ms - 20 * 60_000, type="applyClick", visitor="v-late"
    )
    assert sandbox_client.send([late]).json()["accepted"] == 1
    changed = ask(sandbox_client, query, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_an_invalid_or_future_time_is_refused(sandbox_client):
    day = sandbox_client.now.date() - timedelta(days=1)
    for moment in ("x", "2026-01-01T00:00:00", str(sandbox_client.now_ms + 86_400_000), "9" * 30, ""):
        answer = ask(
            sandbox_client, f"ids=List(a)&dateRange={range_text(day, day)}&asOf={quote(moment, safe='')}"
        )
        assert (answer.status_code, answer.json()["message"]) == (400, "Parameter 'asOf' is invalid"), moment


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("POST"), st.sampled_from("abc"), st.integers(0, 1)),
        st.tuples(st.just("UPDATE"), st.sampled_from("abc"), st.integers(0, 5)),
        st.tuples(st.just("CLOSE"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.just("CLICKS"), st.sampled_from("abc"), st.integers(1, 4)),
        st.tuples(st.just("LATE"), st.sampled_from("abc"), st.integers(1, 40)),
        st.tuples(st.just("WAIT"), st.just(""), st.sampled_from([1, 7, 24, 49])),
    ),
    min_size=4,
    max_size=14,
)


class History:
    """A sandbox that runs random steps. Visitors repeat clicks, so settlement reverses some."""

    def __init__(self, sandbox_client: SandboxClient) -> None:
        self.sandbox_client = sandbox_client
        self.job_ids: dict[str, int] = {}
        self.began = sandbox_client.now
        self.serial = 0

    def take(self, step: tuple[str, str, int]) -> None:
        kind, name, number = step
        if kind == "WAIT":
            self.sandbox_client.advance(f"{number}h")
        elif kind == "POST" and name not in self.job_ids:
            code = f"code-{number}"
            self.job_ids[name] = self.sandbox_client.post_job(name, companyJobCode=code)
        elif kind == "UPDATE" and name in self.job_ids:
            changed = {"title": f"Fitter {number}", "companyJobCode": f"code-{number % 2}"}
            self.sandbox_client.batch_create(
                [self.sandbox_client.job_element(name, jobPostingOperationType="UPDATE", **changed)]
            )
        elif kind == "CLOSE" and name in self.job_ids:
            self.sandbox_client.close_job(name)
        elif name in self.job_ids:
            self._click(self.job_ids[name], number, hours=number if kind == "LATE" else 0)

    def _click(self, job_id: int, number: int, *, hours: int) -> None:
        at = self.sandbox_client.now_ms - hours * 3_600_000
        events = [
            make_event(job_id, f"e{self.serial + n}", at + n, type="applyClick", visitor=f"v-{n % 2}")
            for n in range(min(number, 4))
        ]
        self.serial += len(events)
        assert self.sandbox_client.send(events).status_code == 200


@few_or_many(2, 12)
def test_a_report_as_of_an_earlier_time_is_the_earlier_report(cluster_url, examples):
    @settings(max_examples=examples)
    @given(STEPS)
    def live(steps):
        check_reports_as_of(cluster_url, steps)

    live()


def check_reports_as_of(cluster_url, steps):
    for database_url in make_database(cluster_url, "jobmeter_template"):
        with open_sandbox_client(database_url) as sandbox_client:
            sandbox_client.advance_to_midnight()
            history, recorded = History(sandbox_client), []
            for step in [("POST", "a", 0), ("CLICKS", "a", 3), ("WAIT", "", 24), *steps]:
                history.take(step)
                if sandbox_client.now - history.began < timedelta(days=2):
                    continue
                queries = list_queries(sandbox_client, history.began)
                answers = [ask(sandbox_client, query).content for query in queries]
                recorded.append((sandbox_client.now, queries, answers))
            sandbox_client.advance("5d")
            for moment, queries, answers in recorded:
                as_of = f"&asOf={int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)) + 1}"
                again = [ask(sandbox_client, query + as_of).content for query in queries]
                assert [_without_links(one) for one in again] == [_without_links(one) for one in answers]


def _without_links(body: bytes) -> bytes:
    """Links repeat the query, which contains the time."""
    return body.partition(b'"links"')[0] + body.partition(b"]")[2]

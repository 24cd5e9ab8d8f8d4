"""Every command of the operator and of a partner against one sandbox server: what it prints, and what it changes."""

import json

import pytest

from jobmeter.cli.main import main
from tests.support.server_process import start_sandbox_server


@pytest.fixture
def run(database_url, tmp_path, capsys, monkeypatch):
    """Runs ``jobmeter ... --json`` on a sandbox and returns what it printed, or the line of its failure."""
    with start_sandbox_server(database_url, tmp_path) as credentials:
        monkeypatch.setenv("JOBMETER_CONFIG", str(tmp_path / "none.toml"))
        monkeypatch.setenv("JOBMETER_BASE_URL", credentials["base_url"])
        monkeypatch.setenv("JOBMETER_OPERATOR_KEY", credentials["operator_key"])
        for kind, who in (("CLIENT", "child"), ("PARENT", "parent")):
            monkeypatch.setenv(f"JOBMETER_{kind}_ID", credentials[who]["client_id"])
            monkeypatch.setenv(f"JOBMETER_{kind}_SECRET", credentials[who]["client_secret"])

        def call(*words, code=0, form="json"):
            with pytest.raises(SystemExit) as ended:
                main([*map(str, words), *(["--json"] if form == "json" else [])])
            printed = capsys.readouterr()
            assert (ended.value.code or 0) == code, printed.err
            if printed.err:
                return printed.err
            return json.loads(printed.out) if form == "json" else printed.out

        call.credentials = credentials
        yield call


def number_of(credentials, who):
    return credentials[who]["urn"].rsplit(":", 1)[-1]


def test_an_operator_sets_up_a_partner_and_finds_everything_again(run):
    made = run("partners", "create", "Harbour", "--reference", "C-17")
    assert made["credentials"]["client_secret"]
    again = run("partners", "create", "Harbour", "--reference", "C-17")
    assert (again["id"], again["wasRepeated"]) == (made["id"], True)
    assert run("partners", "update", made["id"], "--reference", "C-18")["reference"] == "C-18"
    assert [one["id"] for one in run("partners", "list", "--reference", "C-18")] == [made["id"]]
    assert run("partners", "show", made["id"])["name"] == "Harbour"
    assert "nothing was given" in run("partners", "update", made["id"], code=1)
    assert "C-18" in run("partners", "list", "--search", "harb", form="table")
    refused = run("partners", "create", "Another", "--reference", "C-18", code=1)
    assert "jobmeter faults 3013" in refused

    # a contract with a price history
    term = ("--starts-at", "2020-01-01T00:00:00Z", "--ends-at", "2099-01-01T00:00:00Z")
    contract = run(
        "contracts", "create", made["id"], "--currency", "EUR", "--limit", "500.00", "--click-price", "1.50", *term
    )["id"]  # fmt: skip
    assert [one["id"] for one in run("contracts", "list", "--partner", made["id"])] == [contract]
    assert run("contracts", "top-up", contract, "100.00", "order-1")["limit"] == "600.00"
    assert run("contracts", "update", contract, "--pacing", "EVEN")["pacing"] == "EVEN"
    assert run("contracts", "show", contract)["available"] == "600.00"
    assert run("contracts", "customers", contract) == []
    assert run("contracts", "filters", contract)["refusesCrawlers"] is True
    run("prices", "create", contract, "2.00", "--valid-from", "2090-01-01T00:00:00Z", "--country", "DE")
    prices = run("prices", "list", contract)
    assert [(one["clickPrice"], one["isInForce"]) for one in prices] == [("1.50", True), ("2.00", False)]

    # its applications, and a lost secret
    number = str(made["id"])
    assert [one["id"] for one in run("applications", "list", "--partner", number)] == [made["id"]]
    lost = run("applications", "rotate", number)["credentials"]["client_secret"]
    assert len(run("applications", "show", number)["secretsCreatedAt"]) == 2
    assert run("applications", "retire", number)["secrets"] == 1
    assert run("applications", "rotate", number, "--revoke-others")["credentials"]["client_secret"] != lost
    assert run("applications", "forbid", number)["areAllowed"] is False
    assert run("applications", "permit", number)["areAllowed"] is True


@pytest.mark.long
def test_a_partner_posts_jobs_and_the_operator_follows_them(run, tmp_path):
    credentials = run.credentials
    element = {
        "externalJobPostingId": "cli-1",
        "title": "Welder",
        "description": "Welds ships in the harbour. " * 5,
        "companyApplyUrl": "https://jobs.example/apply/1",
        "listedAt": 1_700_000_000_000,
        "location": "Rotterdam, Netherlands",
        "companyName": "Harbour",
        "contract": f"urn:li:contract:{credentials['customer_contract_id']}",
        "posterEmail": "jobs@harbour.example",
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "50.00"}},
    }
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps([element]))
    (posted,) = run("jobs", "create", file)
    assert (posted["status"], posted["error"]) == ("SUCCEEDED", None)
    (shown,) = run("jobs", "show", "cli-1")
    assert shown["listingStatus"] == "LISTED"
    (listed,) = run("jobs", "list", "--partner", number_of(credentials, "parent"), "--search", "weld")
    assert listed["id"] == posted["jobId"]
    assert "/jobs/apply/" in json.dumps(run("jobs", "links", posted["jobId"]))
    (own,) = run("jobs", "own", "--search", "weld", "--of", number_of(credentials, "child"))
    assert (own["externalId"], own["kind"], own["spent"]["currencyCode"]) == ("cli-1", "P4P", "USD")
    assert "cli-1" in run("jobs", "own", form="table")
    overview = run("overview")
    assert (overview["contracts"], sum(overview["states"].values())) == ([], 1)
    for shown in (run("jobs", "own", form="table"), run("overview", form="table")):
        assert max(map(len, shown.splitlines())) <= 80
    file.write_text(json.dumps(element | {"title": "Senior welder"}) + "\n")
    assert run("jobs", "update", file)[0]["status"] == "SUCCEEDED"
    refused = run("jobs", "renew", "cli-1", "unknown", code=1)
    assert any(row["error"] for row in refused)
    assert run("jobs", "close", "cli-1")[0]["status"] == "SUCCEEDED"
    assert "cannot be read as JSON" in run("jobs", "create", tmp_path / "none.json", code=1)
    assert "external ids" in run("jobs", "close", code=1)

    budget = run("budget")
    assert budget["limit"]["currencyCode"] == "USD"
    contract = ("--contract", element["contract"], "--starts-at", "2026-01-01T00:00:00Z")
    urn = run("campaigns", "create", "spring", "--name", "Spring", *contract)["urn"]
    assert run("campaigns", "show", urn)["partnerCampaignId"] == "spring"
    assert run("campaigns", "update", urn, "--name", "Spring 2")["name"] == "Spring 2"


def test_the_operator_reads_and_changes_what_runs_in_the_background(run):
    child = number_of(run.credentials, "child")
    feed = run("feeds", "create", child, "--feed-url", "https://127.0.0.1:9/jobs.xml")["id"]
    assert [one["id"] for one in run("feeds", "list", "--application", child)] == [feed]
    assert run("feeds", "run", feed)["id"] == feed
    assert run("feeds", "show", feed)["id"] == feed
    assert isinstance(run("feeds", "runs", feed), list)
    assert run("feeds", "errors", feed) == []
    assert "exactly one" in run("feeds", "create", child, code=1)
    assert run("webhooks", "list") == []
    assert "There is no webhook 5" in run("webhooks", "show", 5, code=1)
    assert "There is no webhook 5" in run("webhooks", "deliveries", 5, code=1)
    made = run("exclusions", "create", "--visitor", "staff", "--note", "ours")
    assert [one["note"] for one in run("exclusions", "list")] == ["ours"]
    run("exclusions", "remove", made["id"])
    assert run("exclusions", "list") == run("exclusions", "partners") == []
    assert "--visitor" in run("exclusions", "create", "--note", "x", code=1)
    assert run("settle", "update", "NO_VIEW", "--on")["isOn"] is True
    assert run("settle", "update", "VISITOR_BURST", "--jobs-max", "30")["jobsMax"] == 30
    assert {one["rule"]: one["isOn"] for one in run("settle", "rules")}["NO_VIEW"] is True
    assert "the rules: SAME_EVENT" in run("settle", "update", "NONE", code=1)
    days = run("settle", "list")
    assert run("settle", "list", "--since", days[-1]["day"]) == days[-1:]
    assert run("networks", "list") == []
    assert run("clock", "show")["nowMs"] > 0
    key = run("keys", "create", "reader")
    assert len(run("keys", "list")) == 1
    assert key["key"]

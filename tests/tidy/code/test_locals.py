"""No `locals()`: a stray local would silently become a parameter, and no editor finds who uses a name."""

import pytest

from tests.tidy.source import Breach, Source, calls, refuse, sources

# Shrinks until it is empty: files whose statements are yet to be given their parameters by name.
STILL_USING_LOCALS = (
    "jobmeter/contracts/hiring/store.py",
    "jobmeter/contracts/partner/store.py",
    "jobmeter/explain/store.py",
    "jobmeter/jobs/campaigns/store.py",
    "jobmeter/jobs/feeds/store.py",
    "jobmeter/jobs/pages/store.py",
    "jobmeter/jobs/slots/store.py",
    "jobmeter/jobs/store.py",
    "jobmeter/jobs/xml_jobs/store.py",
    "jobmeter/ledger/bulk/store.py",
    "jobmeter/ledger/chain/store.py",
    "jobmeter/ledger/store.py",
    "jobmeter/notifications/store.py",
    "jobmeter/partners/applications/store.py",
    "jobmeter/partners/oauth1/store.py",
    "jobmeter/partners/secrets/store.py",
    "jobmeter/partners/tokens/store.py",
    "jobmeter/promotion/store.py",
    "jobmeter/reports/charge_stream/store.py",
    "jobmeter/reports/sources/store.py",
    "jobmeter/reports/uncharged_clicks/store.py",
    "jobmeter/request_control/store.py",
    "jobmeter/sandbox/traffic/store.py",
    "jobmeter/settlement/click_rules/store.py",
    "jobmeter/settlement/days/store.py",
    "jobmeter/settlement/store.py",
)


def locals_breaches(source: Source) -> list[Breach]:
    says = "`locals()` passes whatever stands there; give a dictionary, or `vars_of` a value"
    return [
        Breach(source.path, call.lineno, says)
        for call, name in calls(source)
        if name in {"locals", "vars", "builtins.locals", "builtins.vars"} and not call.args
    ]


def test_nobody_passes_locals():
    found = (
        breach
        for source in sources(".py", "jobmeter", "bench", "tests")
        for breach in locals_breaches(source)
    )
    refuse(found, still=STILL_USING_LOCALS)


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("async def find(connection, *, job_id):\n    await connection.execute(SQL['find'], locals())", 1),
        ("def find(*, job_id):\n    return {**locals(), 'now': 1}", 1),
        ("def find(*, job_id):\n    return vars()", 1),
        ("import builtins\nbuiltins.locals()", 1),
        ("vars(settings)", 0),
        ("grammar.locals()", 0),
        ("text = 'locals()'", 0),
    ],
)
def test_locals_are_found(code, count):
    assert len(locals_breaches(Source("jobmeter/jobs/store.py", code))) == count

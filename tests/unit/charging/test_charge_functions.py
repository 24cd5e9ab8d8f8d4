"""The functions by which a charge reads a budget: how many clicks it pays, whether an alert is due."""

import psycopg
import pytest

from jobmeter.promotion.alerts.model import ALERT_PERCENTS

LIMIT_MAX = 25
ASK_ALERTS = """
SELECT limit_micros, before, after, crosses_alert(before, after, limit_micros)
  FROM generate_series(0, %(limit_max)s::bigint) AS limit_micros
 CROSS JOIN LATERAL generate_series(0, limit_micros) AS before
 CROSS JOIN LATERAL generate_series(before, limit_micros) AS after
"""
ASK_AFFORDABLE = "SELECT affordable_clicks(1000 - %(spent)s::bigint - 300, %(price)s::bigint, 7)"


def test_an_alert_is_due_where_a_charge_brings_what_is_used_to_one_of_the_shares(database_url):
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(ASK_ALERTS, {"limit_max": LIMIT_MAX}).fetchall()
    assert len(rows) > 3_000
    for limit, before, after, found in rows:
        expected = any(before * 100 < percent * limit <= after * 100 for percent in ALERT_PERCENTS)
        assert found == expected, (limit, before, after)


@pytest.mark.parametrize(
    ("spent", "price", "clicks"),
    [(0, 100, 7), (0, 101, 6), (600, 100, 1), (601, 100, 0), (700, 1, 0), (0, 0, 0)],
)
def test_a_budget_pays_whole_clicks_of_what_is_left(database_url, spent, price, clicks):
    with psycopg.connect(database_url) as connection:
        row = connection.execute(ASK_AFFORDABLE, {"spent": spent, "price": price}).fetchone()
    assert row == (clicks,)

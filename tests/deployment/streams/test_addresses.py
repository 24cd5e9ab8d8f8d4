"""The address of a log: servers, its name, and options as in a URL; no error repeats what may be a password."""

import pytest

from jobmeter.consumer.addresses import LogAddress, read_address


def address(**changed):
    return LogAddress(
        **({"kind": "kafka", "servers": ("a:9092",), "name": "events", "options": {}} | changed)
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("kafka://a:9092/events", address()),
        ("kafka://a:9092/events/", address()),
        ("kafka://a:9092,b:9093/job.events", address(servers=("a:9092", "b:9093"), name="job.events")),
        ("kafka://[::1]:9092/events", address(servers=("[::1]:9092",))),
        (
            "kafka://a:9092/events?sasl.username=me&sasl.password=p%2Fw%2B&subject=x",
            address(options={"sasl.username": "me", "sasl.password": "p/w+", "subject": "x"}),
        ),
        (
            "nats://me:p%40w@a:4222/EVENTS?subject=e.0&subject=e.1&subject=e.0&tls=true",
            address(
                kind="nats",
                servers=("a:4222",),
                name="EVENTS",
                user="me",
                password="p@w",
                subjects=("e.0", "e.1"),
                options={"tls": "true"},
            ),
        ),
    ],
)
def test_an_address_is_read(url, expected):
    assert read_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "events",
        "https://secret@a/events",
        "kafka:///secret",
        "kafka://secret:9092",
        "kafka://a:9092/secret/events",
        "kafka://me:secret@a:9092/events",
        "nats://me:secret@/EVENTS",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="JOBMETER_STREAM_URL: ") as error:
        read_address(url)
    assert "secret" not in str(error.value)

"""Owns the address of a log: ``kafka://host:9092/topic`` or ``nats://host:4222/STREAM``, with options as in a URL. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

FORM = "it must have the form kafka://host:9092,host:9092/topic or nats://host:4222/STREAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAddress:
    """``name`` is that of a topic or stream; ``subjects`` are the partitions of a stream of NATS, none if it is read as one."""

    kind: str
    servers: tuple[str, ...]
    name: str
    user: str = ""
    password: str = ""
    subjects: tuple[str, ...] = ()
    options: Mapping[str, str]


def read_address(url: str) -> LogAddress:
    """Raises ``ValueError``, in whose message there is nothing of the URL, which may contain a password."""
    parts = urlsplit(url)
    account, _, hosts = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    name = unquote(parts.path.strip("/"))
    servers = tuple(host.strip() for host in hosts.split(",") if host.strip())
    if parts.scheme not in {"kafka", "nats"} or not servers or not name or "/" in name:
        raise ValueError(f"JOBMETER_STREAM_URL: {FORM}")
    if parts.scheme == "kafka" and account:
        raise ValueError(
            "JOBMETER_STREAM_URL: a user of Kafka is named by ?sasl.username=...&sasl.password=..."
        )
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    is_nats = parts.scheme == "nats"
    subjects = tuple(dict.fromkeys(text for key, text in pairs if is_nats and key == "subject"))
    options = {key: text for key, text in pairs if not (is_nats and key == "subject")}
    return LogAddress(
        kind=parts.scheme,
        servers=servers,
        name=name,
        user=unquote(user),
        password=unquote(password),
        subjects=subjects,
        options=options,
    )

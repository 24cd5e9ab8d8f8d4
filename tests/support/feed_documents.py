"""Owns the feed documents that tests load. Does not own any expectation."""

from collections.abc import Iterable

TEXT = "A fitter repairs what broke, on the quay and in the yard, by day and now and then by night. " * 2


def serialize_job(name: str, **changed: str) -> str:
    fields = {
        "partnerJobId": name,
        "company": "Harbour Logistics",
        "title": f"Fitter {name}",
        "description": TEXT,
        "applyUrl": f"https://www.example.com/apply/{name}",
        "location": "Leeds, United Kingdom",
        "posterEmail": "ada@harbour.example",
    } | changed
    return "<job>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in fields.items() if text) + "</job>"


def serialize_feed(jobs: Iterable[str], header: str = "") -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><source>{header}{''.join(jobs)}</source>".encode()


def serialize_jobs(count: int) -> list[str]:
    return [serialize_job(f"j{number}") for number in range(count)]

"""Owns the salary of a feed's job: LinkedIn's list, the fields of other formats, or a text. Pure."""

from lxml import etree

from jobmeter.wire.xml.feed import values
from jobmeter.wire.xml.feed.names import normalize_name
from jobmeter.wire.xml.feed.record import RawJob, read_text
from jobmeter.wire.xml.feed.values import FeedSalary, Reader

_PARTS = {
    "lowend/amount": "low_amount",
    "lowend/currencycode": "low_currency",
    "highend/amount": "high_amount",
    "highend/currencycode": "high_currency",
    "period": "period",
    "type": "kind",
}
_KINDS = {"basesalary", "totaladditional"}
_FIELDS = {"salaries", "salary_min", "salary_max", "salary_text"}
Unread = list[tuple[str, str]]


def read_salaries(raw: RawJob) -> tuple[str, Unread]:
    """Returns the salary as the text that is kept, and the path and text of each part that could not be read."""
    unread: Unread = []
    if _FIELDS.isdisjoint(raw.plan.paths):
        return "", unread
    listed = [_read_listed(salary, unread) for element in raw.list_nested("salaries") for salary in element]
    text = "; ".join(filter(None, (salary.to_text() for salary in listed)))
    if text:
        return text, unread
    low, high = (
        _read_part(raw, name, values.read_salary_amount, unread) for name in ("salary_min", "salary_max")
    )
    if low or high:
        currency = _read_part(raw, "salary_currency", values.read_currency, unread)
        period = _read_part(raw, "salary_period", values.read_period, unread)
        return FeedSalary(
            low_amount=low, high_amount=high, low_currency=currency, period=period
        ).to_text(), unread
    return values.read_plain(raw.find("salary_text")[0]), unread


def _read_part(raw: RawJob, name: str, read: Reader, unread: Unread) -> str:
    text, path = raw.find(name)
    return _read(path, values.unwrap(text), read, unread)


def _read(path: str, text: str, read: Reader, unread: Unread) -> str:
    found = read(text) if text else ""
    if found is None:
        unread.append((path, text))
    return found or ""


def _read_listed(salary: etree._Element, unread: Unread) -> FeedSalary:
    parts = dict.fromkeys(_PARTS.values(), "")
    for child in salary:
        name = normalize_name(str(child.tag))
        inner = {f"{name}/{normalize_name(str(part.tag))}": read_text(part) for part in child} or {
            name: read_text(child)
        }
        for path, text in inner.items():
            part = _PARTS.get(path)
            if part:
                shown = f"salaries/salary/{path}"
                parts[part] = _read(shown, values.unwrap(text), _READERS[part], unread)
    return FeedSalary(**parts)


def _read_kind(text: str) -> str | None:
    return text if values.normalize_value(text) in _KINDS else None


_READERS: dict[str, Reader] = {
    "low_amount": values.read_salary_amount,
    "high_amount": values.read_salary_amount,
    "low_currency": values.read_currency,
    "high_currency": values.read_currency,
    "period": values.read_period,
    "kind": _read_kind,
}

"""Owns the names of operations, from which generated clients make the names of functions: ``listPartnerInvoiceLines``.

A name consists of the verb with which the summary begins and of the nouns of the path.
"""

from collections.abc import Sequence

from jobmeter.http.endpoints import AnyEndpoint

ROOTS = {"v1": ("Xml", ""), "v2": ("", "V2"), "rest": ("", "")}  # what is before the nouns, and after them
_SINGULARS = (("ies", "y"), ("ss", "ss"), ("s", ""))


def name_operation(rows: Sequence[AnyEndpoint]) -> str:
    """Returns the name of the endpoints that share a verb and a path."""
    first = rows[0]
    steps = [step.partition(".")[0] for step in first.path.strip("/").split("/")]
    before, after = ROOTS.get(steps[0], ("", ""))
    verb = _name_verb(rows)
    is_of_one = (
        first.verb == "POST" and first.kind not in {"ACTION", "BATCH_CREATE"} and "batch" not in first.summary
    )
    nouns = [
        _make_singular(step) if following.startswith("{") or (is_of_one and not following) else step
        for step, following in zip(steps, [*steps[1:], ""], strict=True)
        if not step.startswith("{") and step not in ROOTS
    ]
    # The verb may be a noun of the path as well: /operator/invoices/{invoice_id}/issue.
    shown = "".join(noun[:1].upper() + noun[1:] for noun in nouns if noun != verb)
    return f"{verb}{before}{shown or 'Home'}{after}"


def _name_verb(rows: Sequence[AnyEndpoint]) -> str:
    """The actions of a resource have names of their own, unless there are several."""
    if all(row.kind == "ACTION" for row in rows):
        return "actOn" if len(rows) > 1 else rows[0].method.partition(" ")[2]
    return rows[0].summary.split()[0].strip(",").lower()


def _make_singular(noun: str) -> str:
    plural, singular = next((ends for ends in _SINGULARS if noun.endswith(ends[0])), ("", ""))
    return noun.removesuffix(plural) + singular

"""Owns the reference page of the rules. Pure."""

from jobmeter.certification.checklist.rules import NOT_OFFERED, RULES, UNKNOWN
from jobmeter.certification.checklist.summary import MORE
from jobmeter.certification.model import Rule


def print_certification(note: str) -> str:
    """Returns the page; ``note`` says that it is generated."""
    lines = [
        "# Rules of the certification",
        "",
        note,
        "What `jobmeter certify` judges, in our own words. Numbers JD- and JP- are LinkedIn's where they are public; X- numbers are",
        f"ours, for duties that its documentation states elsewhere. {MORE}",
        "How to run it: [Rehearse the certification](../how-to/rehearse-certification.md).",
        "",
        "| rule | group | who | what to show | how requests are judged | by hand | source | certainty |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_write_row(rule) for rule in RULES),
        "",
        "## Not known",
        "",
        *(f"* {text}" for text in UNKNOWN),
        "",
        f"Not offered: {NOT_OFFERED}.",
    ]
    return "\n".join(lines) + "\n"


def _write_row(rule: Rule) -> str:
    who = "everybody" if rule.role is None else f"{rule.role.value} promotion"
    cells = (
        rule.id,
        f"{rule.group.value}: {rule.module}",
        f"{who}, where it applies" if rule.is_optional else who,
        f"{rule.title}. {rule.show}",
        rule.judged,
        rule.by_hand,
        rule.source,
        rule.certainty.value,
    )
    return f"| {' | '.join(cells)} |"

"""Owns the part of the list of what no law checks that concerns personal data. Pure."""

from jobmeter.integrity.unchecked.entry import ADDED, ALL, REMOVED, Unchecked

UNCHECKED_PRIVACY: tuple[Unchecked, ...] = (
    Unchecked("poster_retention", (ALL, ADDED, REMOVED), "on which day a chore looked for its work last"),
    Unchecked(
        "visitor_salts",
        (ALL, ADDED, REMOVED),
        "another salt is as good for a day that has no events yet, and of one that is judged nothing is compared any more",
    ),
)

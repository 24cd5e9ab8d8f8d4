"""Owns `make map`, which prints the parts in the order of the line, with the lines of code of each part and room.

Counts Python and SQL, including blank lines and comments. Does not own the order (`line`).
"""

import sys
import textwrap
from collections import Counter
from collections.abc import Iterable

from tests.tidy.line import CLIENT, EDGES, ENDS, LINE, ROOMS, room_of
from tests.tidy.source import Source, sources

COLUMNS = 110
GLUE = "\N{NO-BREAK SPACE}"  # keeps a room and its size on the same row
OWN_FILES = f"(own{GLUE}files)"


def count_lines(files: Iterable[Source]) -> Counter[tuple[str, str]]:
    """Returns the number of lines by part and room."""
    counts: Counter[tuple[str, str]] = Counter()
    for source in files:
        folder = ".".join(source.path.split("/")[2:-1])
        counts[source.part, room_of(source.part, folder)] += len(source.text.splitlines())
    return counts


def print_map(counts: Counter[tuple[str, str]]) -> str:
    """Returns one row per part, in order, without parts that are planned but do not exist yet."""
    lines = [f"{'':>3} {'part':<16} {'lines':>7}  rooms, in order"]
    built = {part for part, _ in counts}
    groups = (LINE, EDGES, CLIENT, ENDS)
    titles = ("", "edges: never import each other", "the client: base and wire only", "ends")
    number = 0
    for group, title in zip(groups, titles, strict=True):
        lines += ["", title] if title and built & {*group} else []
        for part in (part for part in group if part in built):
            number += 1
            lines += _rows(number, part, counts)
    lines += ["", f"{'':>3} {'all':<16} {counts.total():>7,}"]
    return "\n".join(lines)


def _rows(number: int, part: str, counts: Counter[tuple[str, str]]) -> list[str]:
    total = sum(count for (owner, _), count in counts.items() if owner == part)
    opening = f"{number:>3} {part:<16} {total:>7,}  "
    rooms = [f"{room or OWN_FILES}{GLUE}{counts[part, room]:,}" for room in ROOMS.get(part, ())]
    wrapped = textwrap.wrap(", ".join(rooms), COLUMNS - len(opening), break_on_hyphens=False) or [""]
    rows = [opening + wrapped[0], *(" " * len(opening) + row for row in wrapped[1:])]
    return [row.replace(GLUE, " ").rstrip() for row in rows]


def read_counts() -> Counter[tuple[str, str]]:
    return count_lines((*sources(".py", "jobmeter"), *sources(".sql", "jobmeter")))


if __name__ == "__main__":
    sys.stdout.write(f"{print_map(read_counts())}\n")

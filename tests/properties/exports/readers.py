"""Owns readers of exported files, each independent of the code that writes them: lists of texts, ``None`` for nothing.

Excel's days and times are its numbers, so they are converted back with the zone left out.
"""

import csv
import io
import json
import re
import zipfile
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- of Excel
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_csv(content: bytes) -> list[list[str]]:
    """With the header, and the cursor in the last column."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def read_json_lines(content: bytes) -> list[dict]:
    return [json.loads(line) for line in content.decode().split("\n") if line]


def read_sheets(content: bytes) -> list[list[list[object]]]:
    """The rows of each sheet, with the header: texts, numbers as texts, booleans."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = sorted(
        (name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")),
        key=lambda name: int(re.sub(r"\D", "", name)),
    )
    return [[_read_row(row) for row in _parse(archive.read(name)).iter(f"{SHEET}row")] for name in names]


def _parse(content: bytes) -> ET.Element:
    return ET.fromstring(content)


def _read_row(row: ET.Element) -> list[object]:
    cells: list[object] = []
    for cell in row:
        letters = re.sub(r"\d", "", cell.attrib["r"])
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - 64
        cells += [None] * (place - len(cells) - 1)
        cells.append(_read_cell(cell))
    return cells


def _read_cell(cell: ET.Element) -> object:
    if cell.attrib.get("t") == "inlineStr":
        text = "".join(part.text or "" for part in cell.iter(f"{SHEET}t"))
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    value = cell.findtext(f"{SHEET}v")
    return value == "1" if cell.attrib.get("t") == "b" else value


def from_excel(number: str) -> datetime:
    """A day or time of Excel, which counts days; to the millisecond."""
    return EPOCH + timedelta(milliseconds=round(float(number) * 86_400_000))

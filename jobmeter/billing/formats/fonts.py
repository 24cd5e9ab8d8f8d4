"""Owns the fonts of documents, and the text that they can show: nobody's emoji stops an invoice.

The shipped fonts cover Latin, Greek, Cyrillic, Arabic, Devanagari, Hebrew and Thai; others come from the operator's folder. Fonts
of the system are never used: the PDF would depend on the machine.
"""

import logging
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jobmeter.billing.formats.parts import find_package_folder, load_font_reader, open_fonts

log = logging.getLogger("jobmeter.billing")

PACKAGES = (
    "fontpkg_noto_sans",
    "fontpkg_noto_sans_arabic",
    "fontpkg_heebo",
    "fontpkg_noto_sans_thai",
    "fontpkg_noto_sans_devanagari",
)
SHIPPED = ("Noto Sans", "Noto Sans Arabic", "Heebo", "Noto Sans Thai", "Noto Sans Devanagari")
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
# Of fonts that differ only in the shapes of a region, the first is used; Japanese names are the most frequent ones.
REGIONS = ("JP", "KR", "SC", "TC", "HK")
REPLACEMENT = "?"
WORD_CHARACTERS_MAX, PIECE_CHARACTERS = 30, 8
BREAK = "\u200b"  # a place where a line may end
# Letters of Persian and of the scripts of India need these two to join rightly.
JOINERS = "\u200c\u200d"
NAMED_MAX = 10


@dataclass(frozen=True, slots=True)
class Fonts:
    """Where the fonts are, their families in the order of preference, and the characters that they have."""

    folders: tuple[str, ...]
    families: tuple[str, ...]
    characters: frozenset[int]


@lru_cache(maxsize=4)
def find_fonts(folder: str) -> Fonts:
    """The shipped fonts and those of ``JOBMETER_FONT_FOLDER``, which may be empty. Raises ``Refused`` without the extra."""
    folders = [f"{find_package_folder(package)}/files" for package in PACKAGES]
    folders += [folder] if folder else []
    found = open_fonts(folders)
    others = sorted((name for name in found.families() if name not in SHIPPED), key=_order_families)
    characters = frozenset(code for path in _list_files(folders) for code in _read_characters(path))
    return Fonts(folders=tuple(folders), families=(*SHIPPED, *others), characters=characters)


def _order_families(name: str) -> tuple[bool, bool, int, str]:
    region = name.rpartition(" ")[2]
    at = REGIONS.index(region) if region in REGIONS else len(REGIONS)
    return "Serif" in name, "Mono" in name, at, name


def _list_files(folders: list[str]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in SUFFIXES)


def _read_characters(path: Path) -> set[int]:
    """The characters of a font; of a collection those of its first font, since the others differ in shapes only."""
    try:
        with path.open("rb") as file, load_font_reader().TTFont(file, fontNumber=0, lazy=True) as font:
            return set(font.getBestCmap() or ())
    except Exception as error:  # noqa: BLE001 -- a broken file in the operator's folder stops no invoice
        log.warning("the font %s cannot be read: %s", path.name, error)
        return set()


class Cleaner:
    """Makes text that the fonts can show, and remembers what they could not."""

    def __init__(self, fonts: Fonts) -> None:
        self._characters = fonts.characters
        self.replaced: set[str] = set()

    def clean(self, text: str) -> str:
        """Without controls and invisible characters; what no font has is replaced, and long words may be broken."""
        # The shipped fonts have all of ASCII, and most texts need no more.
        is_plain = text.isascii() and text.isprintable()
        shown = text if is_plain else "".join(map(self._show, unicodedata.normalize("NFC", text)))
        return " ".join(_break_word(word) for word in shown.split())

    def report(self, document: str) -> None:
        """Logs what was replaced in a document, once."""
        if self.replaced:
            some = ", ".join(f"U+{ord(one):04X}" for one in sorted(self.replaced)[:NAMED_MAX])
            log.warning(
                "%s: no font has %d of its characters, shown as %s: %s; JOBMETER_FONT_FOLDER may name more fonts",
                document,
                len(self.replaced),
                REPLACEMENT,
                some,
            )

    def _show(self, character: str) -> str:
        category = unicodedata.category(character)
        if category.startswith("Z") or character in "\t\n\r":
            return " "
        if character in JOINERS:
            return character
        if category in {"Cc", "Cf"} or 0xFE00 <= ord(character) <= 0xFE0F:
            return ""
        if ord(character) in self._characters:
            return character
        self.replaced.add(character)
        return REPLACEMENT


def _break_word(word: str) -> str:
    """A long word may be broken every 8 characters, but not before a mark that belongs to the letter before it."""
    if len(word) <= WORD_CHARACTERS_MAX:
        return word
    pieces, length = [], 0
    for character in word:
        if length >= PIECE_CHARACTERS and not unicodedata.category(character).startswith("M"):
            pieces.append(BREAK)
            length = 0
        pieces.append(character)
        length += 1
    return "".join(pieces)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is of a script that runs from right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False

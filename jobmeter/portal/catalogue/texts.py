"""Owns the catalogue of texts: English in the code, other languages in one file each, read once per process.

Does not own a text. ``mark`` marks those that are translated later, where the viewer is known.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"
# Each language with its name in itself.
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}


def mark(text: str) -> str:
    """Returns the text itself: a constant of a module is translated when it is shown."""
    return text


def mark_several(one: str, several: str) -> tuple[str, str]:
    """Returns the two forms of a text that counts something, as ``mark``."""
    return one, several


@cache
def load_texts(language: str) -> NullTranslations:
    """Returns the texts in a language of ``LANGUAGES``."""
    if language == ENGLISH:
        return NullTranslations()
    source = files("jobmeter.portal.catalogue").joinpath(f"{language}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), locale=language))
    compiled.seek(0)
    return Translations(compiled)


def choose_language(wanted: Sequence[str], accepted: str) -> str:
    """Returns the first of ``wanted`` that the catalogue has, otherwise the best of an ``Accept-Language`` header."""
    for language in wanted:
        if language in LANGUAGES:
            return language
    ranked: list[tuple[float, int, str]] = []
    for part in accepted.split(","):
        name, _, quality = part.strip().partition(";q=")
        language = name.partition("-")[0].lower()
        if language in LANGUAGES and _read_quality(quality) > 0:
            ranked.append((_read_quality(quality), -len(ranked), language))
    return max(ranked)[2] if ranked else ENGLISH


def _read_quality(text: str) -> float:
    try:
        return float(text or "1")
    except ValueError:
        return 0.0

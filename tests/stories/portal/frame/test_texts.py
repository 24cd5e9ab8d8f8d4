"""Every text of the pages is in the catalogue in every language, and templates contain no other text."""

import re
from io import BytesIO

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from jobmeter.portal.catalogue.texts import ENGLISH, LANGUAGES, choose_language
from tests.support.paths import ROOT
from tests.tidy.source import Breach, Source, refuse, sources

PORTAL = "jobmeter/portal"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true"}}
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "mark": None, "mark_several": (1, 2), "_": None}
OTHERS = [language for language in LANGUAGES if language != ENGLISH]
GAPS = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
# What is not a text of ours: statements, comments, values, and elements with their attributes.
CODE = re.compile(
    r"{%-?\s*trans\b.*?endtrans\s*-?%}|{%.*?%}|{{.*?}}|{#.*?#}|<(?:path|svg|rect|circle)\b[^>]*>", re.DOTALL
)
ELEMENT = re.compile(r"<[^>]*>")
READ_ALOUD = re.compile(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"')
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {"Jobmeter", "CSV"}  # the same in every language


def list_texts():
    """The texts in the code, each with its plural or without one."""
    found = extract_from_dir(
        ROOT / PORTAL,
        method_map=METHODS,
        options_map=OPTIONS,
        keywords=KEYWORDS,
        directory_filter=lambda _: True,
    )
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def read_catalogue(language):
    return read_po(BytesIO((ROOT / PORTAL / "catalogue" / f"{language}.po").read_bytes()), locale=language)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language):
    texts, catalogue = list_texts(), read_catalogue(language)
    kept = {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue
        if message.id
    }
    assert len(texts) > 50
    missing = "\n".join(f'msgid "{text}"\nmsgstr ""\n' for text in sorted(texts - kept.keys()))
    assert missing == "", f"add to {language}.po:\n{missing}"
    assert kept.keys() - texts == set(), "these texts are used nowhere"
    for text, message in kept.items():
        strings = [message.string] if isinstance(message.string, str) else message.string
        assert all(strings), text
        assert not message.fuzzy, text
        ids = [message.id] if isinstance(message.id, str) else message.id
        wanted = [set(GAPS.findall(one)) for one in ids]
        assert all(set(GAPS.findall(one)) in wanted for one in strings), text


def text_breaches(source: Source) -> list[Breach]:
    plain = CODE.sub(" ", source.text)
    shown = [*READ_ALOUD.findall(plain), ELEMENT.sub(" ", plain)]
    words = {word for text in shown for word in WORD.findall(text)} - NAMES
    return [Breach(source.path, 1, f"`{word}` is not translated: write it as _(...)") for word in words]


def test_templates_contain_no_untranslated_text():
    found = sources(".html", f"{PORTAL}/templates")
    assert len(found) > 10
    refuse(breach for source in found for breach in text_breaches(source))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("<h1>My jobs</h1>", 2),
        ('<nav aria-label="Main"></nav>', 1),
        ("<h1>{{ _('My jobs') }}</h1> · 7 %", 0),
        ("{% trans email=person.email %}Jobs of {{ email }}{% endtrans %}", 0),
        ('<p class="quiet">{# a remark #}{{ name }}</p>', 0),
    ],
)
def test_untranslated_texts_are_found(text, count):
    assert len(text_breaches(Source("a.html", text))) == count


@pytest.mark.parametrize(
    ("wanted", "accepted", "found"),
    [
        (("de", "en"), "en", "de"),
        (("", "xx"), "fr,de;q=0.8,en;q=0.7", "de"),
        ((), "en;q=0.2, de-AT;q=0.9", "de"),
        ((), "de;q=0, en", "en"),
        ((), "de;q=x", "en"),
        ((), "", "en"),
    ],
)
def test_the_language_is_chosen(wanted, accepted, found):
    assert choose_language(wanted, accepted) == found

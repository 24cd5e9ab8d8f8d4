"""Templates escape what they print, and those of the portal contain nothing inline, which its strict policy would refuse."""

import re

import pytest

from tests.tidy.source import Breach, Source, refuse, sources, uses

# Where text that is not escaped is made: a script of ours, a sanitized description, JSON for a script element, pictures.
MAKERS = {
    "jobmeter/api/openapi/page.py",
    "jobmeter/api/candidate/pages.py",
    "jobmeter/portal/frame/pictures.py",
}
PORTAL = "jobmeter/portal/"

_UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|Markup")
_INLINE = re.compile(r"<style\b|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:|https?://")
_POST = re.compile(r'<form\b[^>]*method="post".*?</form>', re.DOTALL)
_HIDDEN = '{% include "hidden.html" %}'


def template_breaches(source: Source) -> list[Breach]:
    found = [(match, "is not escaped; print the value itself") for match in _UNESCAPED.finditer(source.text)]
    if source.path.startswith(PORTAL):
        message = "is refused by the page's policy; use a class, an attribute of SVG, or portal.js"
        found += [(match, message) for match in _INLINE.finditer(source.text)]
        message = f"lacks the token of the session: write {_HIDDEN} into the form"
        found += [(match, message) for match in _POST.finditer(source.text) if _HIDDEN not in match[0]]
    return [
        Breach(source.path, source.text.count("\n", 0, match.start()) + 1, f"`{match[0][:40]}` {message}")
        for match, message in found
    ]


def markup_breaches(source: Source) -> list[Breach]:
    if source.path in MAKERS:
        return []
    message = "prints text without escaping it; only pictures and cleaned descriptions may"
    return [
        Breach(source.path, line, f"`{name}` {message}")
        for line, name in uses(source)
        if name.endswith(".Markup")
    ]


def test_templates_escape_and_contain_nothing_inline():
    refuse(breach for source in sources(".html", "jobmeter") for breach in template_breaches(source))


def test_unescaped_text_is_made_in_known_places():
    refuse(breach for source in sources(".py", "jobmeter") for breach in markup_breaches(source))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{{ title | safe }}", 1),
        ("{{ title|safe }}", 1),
        ("{% autoescape false %}{% endautoescape %}", 1),
        ('<p style="color: red">', 1),
        ("<style>p { color: red }</style>", 1),
        ('<button onclick="go()">', 1),
        ("<script>go()</script>", 1),
        ('<img src="https://elsewhere.example/a.png">', 1),
        ('<form method="post"><button>Send</button></form>', 1),
        (f'<form method="post">{_HIDDEN}<button>Send</button></form>', 0),
        ('<script type="module" src="{{ assets.script }}"></script>', 0),
        ('<form method="get"><button>Find</button></form>', 0),
        ("{{ title }}", 0),
    ],
)
def test_breaches_of_templates_are_found(text, count):
    assert len(template_breaches(Source(f"{PORTAL}templates/a.html", text))) == count


@pytest.mark.parametrize(
    ("path", "count"),
    [("jobmeter/portal/pages/jobs.py", 1), (min(MAKERS), 0)],
)
def test_unescaped_text_is_found(path, count):
    source = Source(path, "from markupsafe import Markup\nText = Markup(given)")
    assert len({breach.line for breach in markup_breaches(source)} & {2}) == count

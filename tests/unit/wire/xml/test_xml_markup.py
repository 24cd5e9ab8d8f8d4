"""The HTML of descriptions: allowed tags are kept and closed, all others removed, in linear time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.xml.html import FEED_TAGS, JOB_TAGS, clean_markup, is_clean, plain_text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain & simple", "plain & simple"),
        (" <p>a</p> ", "<p>a</p>"),
        ('<P CLASS="x" onclick="a>b">a</P>', "<p>a</p>"),
        ("a<br/>b<BR>c", "a<br>b<br>c"),
        ("<h1>a</h1> <span style='x'>b</span>", "a b"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a<li>b</li></li></ul>"),
        ("<b>a", "<b>a</b>"),
        ("a</b></p>", "a"),
        ("<b><i>a</b></i>", "<b><i>a</i></b>"),
        ("<script>alert(1)</script>a<style>b{}</style>", "a"),
        ("<script>a</style></script>b", "b"),
        ("<script>never closed", ""),
        ("a<!-- <b>c</b> -->d", "ad"),
        ("1 < 2 and 3 > 2", "1 &lt; 2 and 3 > 2"),
        ("<scr<b>ipt>x", "&lt;scr<b>ipt>x</b>"),
        ("<<b>", "&lt;<b></b>"),
        ("<a href='javascript:x'>y</a>", "y"),
        ("<b", "&lt;b"),
        ("<?php x ?>a<!DOCTYPE b>", "a"),
        ("<ol><li>a</li></ol>", "<ol><li>a</li></ol>"),
    ],
)
def test_markup_is_cleaned(text, clean):
    assert clean_markup(text) == clean
    assert clean_markup(clean) == clean


def test_feeds_have_no_ordered_lists():
    assert clean_markup("<ol><li>a</li></ol>", tags=FEED_TAGS) == "<li>a</li>"


@given(st.text(st.sampled_from("<>/!-? \"'=&;abpiulr"), max_size=60) | st.text(max_size=60))
def test_only_allowed_tags_remain(text):
    clean = clean_markup(text)
    tags = re.findall(r"<(/?)([a-z]+)>", clean)
    assert len(tags) == clean.count("<")
    assert {name for _, name in tags} <= JOB_TAGS
    opened = [name for end, name in tags if not end and name != "br"]
    assert sorted(opened) == sorted(name for end, name in tags if end)
    assert clean_markup(clean) == clean


@given(
    st.lists(
        st.sampled_from([f"<{end}{name}>" for name in sorted(JOB_TAGS) for end in ("", "/")] + [" a ", ">"]),
        max_size=9,
    ),
    st.sampled_from([JOB_TAGS, FEED_TAGS]),
)
def test_clean_markup_is_not_cleaned(pieces, tags):
    text = "".join(pieces)
    # A tag that is not plain makes it be cleaned at length, and is removed.
    cleaned = clean_markup(f"{text}<x>", tags=tags)
    assert clean_markup(text, tags=tags) == cleaned
    assert is_clean(cleaned, tags=tags)
    assert not is_clean(text, tags=tags) or cleaned == text.strip()


@pytest.mark.parametrize(
    "piece", ["<", "<b", "<b>", "</b>", "<!--", "<a '", '<a "', "<script>", "<b><i></b>", "<br "]
)
def test_cleaning_takes_linear_time(piece):
    began = time.process_time()
    clean_markup(piece * 40_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<p>Fit <b>pumps</b>.</p><p>Now</p>", "Fit pumps.\nNow"),
        ("a<br>b &amp; c &lt; d", "a\nb & c < d"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("", ""),
    ],
)
def test_markup_is_converted_to_plain_text(markup, plain):
    assert plain_text(markup) == plain

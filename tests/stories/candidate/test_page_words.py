# ruff: noqa: RUF001 -- Greek letters and Chinese commas are what the samples consist of
"""The words of a job page: language, direction, pay, summary. Only the text decides, not the caller."""

from datetime import UTC, datetime

import pytest

from jobmeter.api.candidate.facts import list_facts, name_host, summarize
from jobmeter.api.candidate.language import STATUSES, WORDS, find_direction, find_language, find_words
from jobmeter.jobs.pages.model import JobPage
from jobmeter.wire.xml.html import plain_text
from tests.stories.candidate.hard_texts import TEXTS

SAMPLES = {
    "en": "You will work with our team and take care of the customers in the city.",
    "de": "Sie arbeiten mit unserem Team und sind für die Betreuung der Kunden in der Stadt zuständig.",
    "fr": "Vous travaillez avec notre équipe et vous êtes responsable des clients dans la ville.",
    "es": "Trabajarás con nuestro equipo y serás responsable de los clientes en la ciudad.",
    "it": "Lavorerai con il nostro team e sarai responsabile dei clienti della città.",
    "nl": "Je werkt met ons team en je bent verantwoordelijk voor de klanten in de stad.",
    "pt": "Você vai trabalhar com a nossa equipe e será responsável pelos clientes na cidade.",
    "pl": "Praca w naszym zespole i odpowiedzialność za klientów w mieście oraz na wyjazdach.",
    "sv": "Du arbetar med vårt team och är ansvarig för kunderna i staden.",
    "ru": "Вы будете работать в нашей команде и отвечать за клиентов в городе.",
    "el": "Θα εργάζεστε με την ομάδα μας και θα είστε υπεύθυνοι για τους πελάτες.",
    "ko": "우리 팀과 함께 일하며 도시의 고객을 책임집니다.",
    "zh": "您将与我们的团队合作，负责城市的客户。",
    "hi": "आप हमारी टीम के साथ काम करेंगे।",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_the_language_of_a_text_is_found(language):
    assert find_language(SAMPLES[language]) == language


@pytest.mark.parametrize("name", TEXTS)
def test_the_language_of_each_hard_text_is_found(name):
    text = TEXTS[name]
    language = find_language(f"{text.title} {text.description}")
    assert (language, find_direction(language), find_words(language).apply) == (
        text.language,
        text.direction,
        text.apply,
    )


@pytest.mark.parametrize("text", ["", " ", "12345", "!!!", "\ud800", "C++ SQL", "\u202e\u202c"])
def test_a_text_without_words_is_taken_for_english(text):
    assert find_language(text) == "en"


def test_every_language_has_all_words():
    for language, words in WORDS.items():
        assert len(words.statuses) == len(STATUSES), language
        assert all((*words[:-1], *words.statuses)), language
        assert words.posted_by.count("{}") == words.ask.count("{}") == 1, language
        assert "{" not in words.posted_by.format("x") + words.ask.format("x"), language


def make_page(**content) -> JobPage:
    return JobPage(
        job_id=256,
        title="Fitter",
        company_name="Harbour Logistics",
        company_page=None,
        location="Leeds",
        apply_url="https://careers.example.com",
        is_live=True,
        listed_at=datetime(2026, 10, 30, tzinfo=UTC),
        expires_at=datetime(2026, 11, 29, tzinfo=UTC),
        content={"description": "x"} | content,
    )


def pay(period, value):
    return {"compensation": {"compensations": [{"period": period, "value": value}]}}


AMOUNTS = [{"currencyCode": "EUR", "amount": "62000.00"}, {"currencyCode": "EUR", "amount": "74000.00"}]


@pytest.mark.parametrize(
    ("content", "language", "shown"),
    [
        ({"salary": "30,000 and tips"}, "en", "30,000 and tips"),
        (pay("YEARLY", {"exactAmount": AMOUNTS[0]}), "en", "€62,000.00 a year"),
        (
            pay("YEARLY", {"range": {"start": AMOUNTS[0], "end": AMOUNTS[1]}}),
            "en",
            "€62,000.00 to €74,000.00 a year",
        ),
        (pay("HOURLY", {"start": AMOUNTS[0], "end": AMOUNTS[1]}), "en", "€62,000.00 to €74,000.00 an hour"),
        (pay(None, {"range": {"end": AMOUNTS[1]}}), "de", "74.000,00\u00a0€"),
        (pay("YEARLY", {}), "en", ""),
        (pay("YEARLY", None), "en", ""),
        (pay("YEARLY", {"exactAmount": {"currencyCode": "EUR", "amount": "much"}}), "en", "much EUR a year"),
        ({"compensation": {"compensations": []}}, "en", ""),
        ({"compensation": None}, "en", ""),
        ({}, "en", ""),
    ],
)
def test_pay_is_shown_as_it_was_posted(content, language, shown):
    facts = {fact.name: fact.text for fact in list_facts(make_page(**content), language)}
    assert facts.get(find_words(language).pay, "") == shown


def test_dates_are_written_in_the_language_and_for_machines():
    facts = {fact.name: fact for fact in list_facts(make_page(), "de")}
    assert facts["Veröffentlicht"][1:] == ("30. Oktober 2026", "2026-10-30")
    assert facts["Bewerben bis"].day == "2026-11-29"
    assert list_facts(make_page(), "ja")[-1].text == "November 29, 2026"


@pytest.mark.parametrize(
    ("markup", "summary"),
    [
        ("<p>A &amp; B</p><script>x</script>\n c", "A & B c"),
        ("word " * 100, "word " * 39 + "word …"),
        ("x" * 300, "x" * 200 + " …"),
        ("", ""),
    ],
)
def test_a_summary_is_one_line(markup, summary):
    assert summarize(plain_text(markup)) == summary


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.example.com/a", "example.com"),
        ("https://careers.example.com:8443/", "careers.example.com"),
        ("mailto:jobs@example.com", ""),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_the_host_of_the_apply_link_is_named(url, host):
    assert name_host(url) == host

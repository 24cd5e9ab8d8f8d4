"""The mails to people: link and code in the person's language, sent while nobody waits, never more than fit."""

import logging
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from jobmeter.base.settings import Settings
from jobmeter.people.mails import rules
from jobmeter.people.mails.flow import MailSender
from jobmeter.people.mails.model import Invitation, LoginMail
from jobmeter.people.model import Role

NOW = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)
LOGIN = LoginMail(
    to="ida@a.example",
    language="en",
    token="TOKEN",
    code="ABCDEFGH",
    next_path="",
    device="Firefox on Linux",
    sent_at=NOW,
)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("en", "Log in to Jobmeter", ("with Firefox on Linux at 23:50 UTC", "until 00:05 UTC (15 minutes)")),
        ("de", "Anmelden bei Jobmeter", ("mit Firefox on Linux um 23:50 UTC", "bis 00:05 UTC (15 Minuten)")),
    ],
)
def test_a_log_in_mail_has_link_and_code_in_the_person_s_language(language, subject, words):
    mail = LoginMail(**{**{name: getattr(LOGIN, name) for name in LOGIN.__slots__}, "language": language})
    message = rules.make_login_mail(mail, base_url="https://board.example/", sender="a@board.example")
    text = message.get_content()
    assert message["Subject"] == subject
    assert "https://board.example/portal/login/link?token=TOKEN\n" in text
    assert "ABCD-EFGH" in text
    assert all(word in text for word in words)
    assert not {"TOKEN", "ABCD"} & set(str(message["Subject"]).split())


@pytest.mark.parametrize("language", rules.LANGUAGES)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MEMBER])
def test_an_invitation_names_the_role_and_has_no_secret(language, role):
    mail = Invitation(to="ida@a.example", language=language, role=role, bound_to="Hafen\nkontor", sent_at=NOW)
    text = rules.make_invitation(mail, base_url="https://b.example", sender="a@b.example").get_content()
    assert rules.WORDS[language][role] in text
    assert "Hafen kontor:\n" in text
    assert "https://b.example/portal/login\n" in text
    assert "token" not in text


def test_both_languages_have_the_same_texts():
    assert rules.ENGLISH.keys() == rules.GERMAN.keys()


async def test_mails_are_written_after_the_answer_and_also_when_the_process_stops(tmp_path):
    sender = MailSender(Settings(smtp_url=f"folder://{tmp_path}", base_url="https://b.example"))
    sender.submit(LOGIN)
    assert list(tmp_path.iterdir()) == []  # nobody waited
    for language in ("en", "de"):
        sender.submit(
            Invitation(
                to="jörg@a.example", language=language, role=Role.CUSTOMER, bound_to="Größe", sent_at=NOW
            )
        )
    await sender.close()
    read = [message_from_bytes(file.read_bytes(), policy=default) for file in tmp_path.glob("*.eml")]
    assert sorted(message["Content-Language"] for message in read) == ["de", "en", "en"]
    assert len({message["Message-ID"] for message in read}) == 3


async def test_a_mail_that_cannot_be_sent_is_logged_without_its_secrets(caplog):
    sender = MailSender(Settings())
    with caplog.at_level(logging.ERROR, logger="jobmeter.people"):
        sender.submit(LOGIN)
        await sender.close()
    assert "no mail server is set" in caplog.text
    assert "TOKEN" not in caplog.text
    assert "ABCD" not in caplog.text


async def test_mails_beyond_those_that_may_wait_are_dropped(tmp_path, caplog):
    sender = MailSender(Settings(smtp_url=f"folder://{tmp_path}"), waiting_max=2)
    for _ in range(5):
        sender.submit(LOGIN)
    await sender.close()
    assert len(list(tmp_path.glob("*.eml"))) == 2
    assert "too many are waiting" in caplog.text

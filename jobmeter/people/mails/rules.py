"""Owns the mails to people, in words: the link and the code of a log-in, an invitation. English and German. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlencode

from jobmeter.people.mails.model import Invitation, LoginMail
from jobmeter.people.model import Role

LANGUAGES = ("en", "de")
LOGIN_MINUTES = 15

ENGLISH = {
    "login_subject": "Log in to Jobmeter",
    "login": """Open this link in the browser in which you asked for it, and press "Log in":

{link}

Or type this code there:

    {code}

Both can be used once, until {until} UTC ({minutes} minutes).

You asked for this{device} at {asked} UTC. If it was not you, nothing has to be done: nobody is logged in without this mail.
Do not pass it on.""",
    "device": " with {device}",
    "invitation_subject": "You can now log in to Jobmeter",
    "invitation": """You can now log in as {role}{bound_to}:

{link}

Enter your address {to} there. You receive a link and a code by mail; there is no password.""",
    "bound_to": " of {bound_to}",
    Role.OPERATOR: "operator",
    Role.OPERATOR_READER: "operator who reads",
    Role.PARTNER_MANAGER: "manager",
    Role.PARTNER_READER: "reader",
    Role.CUSTOMER: "customer",
}
GERMAN = {
    "login_subject": "Anmelden bei Jobmeter",
    "login": """Öffnen Sie diesen Link in dem Browser, in dem Sie ihn angefordert haben, und drücken Sie „Anmelden“:

{link}

Oder geben Sie dort diesen Code ein:

    {code}

Beides gilt einmal, bis {until} UTC ({minutes} Minuten).

Sie haben das{device} um {asked} UTC angefordert. Waren Sie es nicht, ist nichts zu tun: Ohne diese Mail wird niemand
angemeldet. Geben Sie sie nicht weiter.""",
    "device": " mit {device}",
    "invitation_subject": "Sie können sich jetzt bei Jobmeter anmelden",
    "invitation": """Sie können sich jetzt anmelden als {role}{bound_to}:

{link}

Geben Sie dort Ihre Adresse {to} ein. Sie erhalten einen Link und einen Code per Mail; ein Passwort gibt es nicht.""",
    "bound_to": " von {bound_to}",
    Role.OPERATOR: "Betreiber",
    Role.OPERATOR_READER: "Betreiber mit Leserecht",
    Role.PARTNER_MANAGER: "Verwalter",
    Role.PARTNER_READER: "Leser",
    Role.CUSTOMER: "Kunde",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "de": GERMAN}


def make_login_mail(mail: LoginMail, *, base_url: str, sender: str) -> EmailMessage:
    """The link begins with the address of the settings, never with that of a request."""
    words = WORDS[mail.language]
    until = mail.sent_at + timedelta(minutes=LOGIN_MINUTES)
    text = words["login"].format(
        link=f"{base_url.rstrip('/')}/portal/login/link?{urlencode(_list_query(mail))}",
        code=f"{mail.code[:4]}-{mail.code[4:]}",
        minutes=LOGIN_MINUTES,
        until=f"{until:%H:%M}",
        asked=f"{mail.sent_at:%H:%M}",
        device=words["device"].format(device=mail.device) if mail.device else "",
    )
    return _make_message(text, subject=words["login_subject"], sender=sender, about=mail)


def _list_query(mail: LoginMail) -> dict[str, str]:
    return {"token": mail.token} | ({"next": mail.next_path} if mail.next_path else {})


def make_invitation(mail: Invitation, *, base_url: str, sender: str) -> EmailMessage:
    """Has no secret: the person logs in as everybody does."""
    words = WORDS[mail.language]
    bound_to = words["bound_to"].format(bound_to=" ".join(mail.bound_to.split())) if mail.bound_to else ""
    text = words["invitation"].format(
        link=f"{base_url.rstrip('/')}/portal/login", role=words[mail.role], bound_to=bound_to, to=mail.to
    )
    return _make_message(text, subject=words["invitation_subject"], sender=sender, about=mail)


def _make_message(text: str, *, subject: str, sender: str, about: LoginMail | Invitation) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = about.to
    message["Subject"] = subject
    message["Date"] = format_datetime(about.sent_at)
    message["Auto-Submitted"] = "auto-generated"  # no answer of an absent person
    message.set_content(f"{text}\n")
    message["Content-Language"] = about.language
    return message

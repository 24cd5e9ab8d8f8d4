"""Owns the part of the list of what no law checks that concerns who may do something. Pure."""

from jobmeter.integrity.unchecked.entry import ADDED, ALL, REMOVED, Unchecked

CREDENTIAL = "a credential or its use: a changed one is refused at the door, and no amount is derived from it"

UNCHECKED_ACCESS: tuple[Unchecked, ...] = (
    Unchecked("access_tokens", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("application_secrets", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("operator_keys", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("operator_key_secrets", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("person_grants", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("login_requests", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("person_sessions", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("passkeys", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("passkey_challenges", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("signature_nonces", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("signing_secrets", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("notice_secrets", (ALL, ADDED, REMOVED), CREDENTIAL),
    Unchecked("people", (ALL, ADDED, REMOVED), "who may log in to the pages, and how they like them"),
)

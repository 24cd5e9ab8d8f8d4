"""Owns the calls of the library for passkeys: the options for a browser, and checking what it signed.

The library belongs to the extra ``portal``: without it there are no passkeys.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

from jobmeter.people.model import Person
from jobmeter.people.passkeys.model import NewPasskey, Site, StoredPasskey

TITLE = "Jobmeter"


def is_installed() -> bool:
    return importlib.util.find_spec("webauthn") is not None


def make_registration(person: Person, site: Site, *, challenge: bytes, known_ids: Sequence[bytes]) -> str:
    """The options for a new passkey, which the authenticator stores under the person's address."""
    webauthn, structs = _load()
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name=TITLE,
        user_id=str(person.id).encode(),
        user_name=person.email,
        user_display_name=person.name or person.email,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known_ids],
    )
    text: str = webauthn.options_to_json(options)
    return text


def make_authentication(site: Site, *, challenge: bytes) -> str:
    """The options for any passkey of this site: the person chooses which one."""
    webauthn, structs = _load()
    options = webauthn.generate_authentication_options(
        rp_id=site.name,
        challenge=challenge,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    text: str = webauthn.options_to_json(options)
    return text


def check_registration(credential: str, site: Site, *, challenge: bytes) -> NewPasskey | None:
    webauthn, _ = _load()
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 -- whatever the library cannot read is refused
        return None
    return NewPasskey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
    )


def check_authentication(
    credential: str, passkey: StoredPasskey, site: Site, *, challenge: bytes
) -> int | None:
    """Returns the new count of signatures; ``None`` if the signature is not valid, or the count fell."""
    webauthn, _ = _load()
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 -- whatever the library cannot read is refused
        return None
    return int(verified.new_sign_count)


def _load() -> tuple[Any, Any]:
    return importlib.import_module("webauthn"), importlib.import_module("webauthn.helpers.structs")

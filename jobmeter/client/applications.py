"""Owns the applications of a partner and their contracts: create, find and update a child, replace its secret, set up a contract.

Does not own tokens (``session``). A child is created with the token of its parent, its contract with its own.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import Shape, decode
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Application, CustomerContract, NewApplication

PATH = "/v2/provisionedApplications"
SECURITY = "/v2/developerApplicationsSecurity"
CONTRACTS = "/rest/provisionedHiringContracts"


class _Credentials(Shape):
    client_id: str = msgspec.field(name="client_id")
    client_secret: str = msgspec.field(name="client_secret", default="")


class _Application(Shape):
    key: str
    credentials: _Credentials
    unique_foreign_id: str = ""
    name: str = ""
    description: str = ""
    oauth2_authorized_callback_urls: tuple[str, ...] = msgspec.field(
        name="oauth2AuthorizedCallbackUrls", default=()
    )
    valid_js_sdk_domains: tuple[str, ...] = ()


class _Found(Shape):
    elements: tuple[_Application, ...] = ()


class _Contract(Shape):
    key: str
    contract: str


class _SetUp(Shape):
    value: _Contract


class _Secret(Shape):
    client_secret: str = msgspec.field(name="client_secret")


class _Rolled(Shape):
    value: _Secret


_APPLICATION = msgspec.json.Decoder(_Application)
_FOUND = msgspec.json.Decoder(_Found)
_SET_UP = msgspec.json.Decoder(_SetUp)
_ROLLED = msgspec.json.Decoder(_Rolled)


class Applications:
    """The child applications of a partner. The client's own application is the parent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        *,
        unique_foreign_id: str,
        name: str,
        description: str,
        callback_urls: Sequence[str] = (),
        js_domains: Sequence[str] = (),
    ) -> NewApplication:
        """Creates the application of a customer, which ``unique_foreign_id`` names in your own system."""
        content: dict[str, Any] = {
            "uniqueForeignId": unique_foreign_id,
            "name": name,
            "description": description,
        }
        content |= _list_given(callback_urls=callback_urls or None, js_domains=js_domains or None)
        return self._session.post(PATH, content, read=_read_new)

    def find(self, unique_foreign_id: str) -> Application | None:
        """Returns a customer's application without its secret; ``None`` if there is none."""
        parameters = {"q": "credentialsByUniqueForeignId", "uniqueForeignId": unique_foreign_id}
        return self._session.get(PATH, parameters, read=_read_found)

    def update(
        self,
        urn: str,
        *,
        name: str | None = None,
        description: str | None = None,
        callback_urls: Sequence[str] | None = None,
        js_domains: Sequence[str] | None = None,
    ) -> None:
        """Changes what is given; an empty list removes all of its entries."""
        given = {"name": name, "description": description}
        changes = {field: value for field, value in given.items() if value is not None}
        changes |= _list_given(callback_urls=callback_urls, js_domains=js_domains)
        content = {"patch": {"$set": changes}}
        self._session.post(f"{PATH}/{quote(urn, safe='')}", content, read=_read_nothing)

    def roll_secret(self, urn: str | None = None) -> str:
        """Returns another secret of a child, or of the client's own application. Two secrets are valid at most."""
        parameters = {"action": "rollDeveloperApplicationSecret"}
        return self._session.post(SECURITY, _name_child(urn), parameters=parameters, read=_read_secret)

    def retire_older_secret(self, urn: str | None = None) -> None:
        """Removes the older of two secrets, once nothing uses it any more. Only Jobmeter has this."""
        parameters = {"action": "retireOlderSecret"}
        self._session.post(SECURITY, _name_child(urn), parameters=parameters, read=_read_nothing)


class Contracts:
    """The contract of a customer. The client's own application is the customer's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set_up(self, partner_contract_id: int | None = None) -> CustomerContract:
        """Returns the customer's contract, created if needed. The id may be left out if the partner has one contract."""
        content = {} if partner_contract_id is None else {"partnerContractId": partner_contract_id}
        return self._session.post(CONTRACTS, content, parameters={"action": "setup"}, read=_read_contract)


def _name_child(urn: str | None) -> dict[str, str]:
    return {} if urn is None else {"childDeveloperApplication": urn}


def _list_given(**lists: Sequence[str] | None) -> dict[str, Any]:
    names = {"callback_urls": "oauth2AuthorizedCallbackUrls", "js_domains": "validJsSdkDomains"}
    return {names[name]: list(values) for name, values in lists.items() if values is not None}


def _read_nothing(_: Answer) -> None:
    return None


def _read_new(answer: Answer) -> NewApplication:
    shape = decode(_APPLICATION, answer)
    if not shape.credentials.client_secret:
        raise UnreadableError("the response has no client_secret")
    return NewApplication(
        urn=shape.key,
        client_id=shape.credentials.client_id,
        client_secret=shape.credentials.client_secret,
    )


def _read_found(answer: Answer) -> Application | None:
    elements = decode(_FOUND, answer).elements
    if not elements:
        return None
    shape = elements[0]
    return Application(
        urn=shape.key,
        client_id=shape.credentials.client_id,
        unique_foreign_id=shape.unique_foreign_id,
        name=shape.name,
        description=shape.description,
        callback_urls=shape.oauth2_authorized_callback_urls,
        js_domains=shape.valid_js_sdk_domains,
    )


def _read_secret(answer: Answer) -> str:
    return decode(_ROLLED, answer).value.client_secret


def _read_contract(answer: Answer) -> CustomerContract:
    value = decode(_SET_UP, answer).value
    return CustomerContract(urn=value.contract, application_urn=value.key)

"""Owns what a payment provider does for billing: each provider is one class with these methods."""

from typing import Protocol

from jobmeter.base.money import Money
from jobmeter.billing.payments.model import PaymentSource
from jobmeter.billing.providers.model import LinkRequest, ProviderEvent


class PaymentProvider(Protocol):
    @property
    def source(self) -> PaymentSource: ...

    async def create_link(self, request: LinkRequest) -> str:
        """Returns the address of the page. Raises ``Refused(PROVIDER_FAILED)``."""
        ...

    async def refund(self, *, payment: str, amount: Money, reference: str) -> None:
        """Pays money of a payment back, once for each ``reference``, which its event repeats.

        Raises ``Refused(PROVIDER_FAILED)``.
        """
        ...

    def read_event(self, payload: bytes, signature: str) -> ProviderEvent:
        """Raises ``Refused(PROVIDER_SIGNATURE)`` if the provider did not send it."""
        ...

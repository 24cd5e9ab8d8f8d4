"""Types that the bodies and responses of several endpoints share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

# Instants within these years can be stored and read back in any time zone.
Instant = Annotated[
    AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))
]


class OperatorBody(BaseModel):
    """The base of request bodies: camelCase names, exact types, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)

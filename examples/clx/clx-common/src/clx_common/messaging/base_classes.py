"""The messages that every service takes and gives."""

import dataclasses
import json
from typing import Any, ClassVar, Self

from clx_common.messaging.correlation_ids import new_correlation_id


class MessageError(ValueError):
    """A message that does not have the expected fields."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """A message: a dataclass that travels as a JSON object."""

    correlation_id: str = dataclasses.field(default_factory=new_correlation_id)

    def to_json(self) -> str:
        """The message as a JSON object, its keys sorted."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads a message; fields that are missing, unknown or not texts are errors."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise MessageError(f"not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise MessageError(f"expected an object, found {type(fields).__name__}")
        cls._check(fields)
        return cls(**fields)

    @classmethod
    def _check(cls, fields: dict[str, Any]) -> None:
        known = {field.name: field for field in dataclasses.fields(cls)}
        if unknown := sorted(fields.keys() - known.keys()):
            raise MessageError(f"unknown fields: {', '.join(unknown)}")
        required = {
            name
            for name, field in known.items()
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        if missing := sorted(required - fields.keys()):
            raise MessageError(f"missing fields: {', '.join(missing)}")
        if wrong := sorted(name for name, value in fields.items() if not isinstance(value, str)):
            raise MessageError(f"fields that are not texts: {', '.join(wrong)}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request(Message):
    """Something to convert."""

    routing_key: ClassVar[str]

    data: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result(Message):
    """What came of a request."""

    result: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure(Message):
    """Why nothing came of a request."""

    error: str

"""What a service is."""

import dataclasses
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from clx_common.messaging.base_classes import Request
from clx_common.services.health import Check


@dataclasses.dataclass(frozen=True)
class Service:
    """What one service is: its name, what it takes, what it does with it, what it needs around it."""

    name: str
    port: int
    request: type[Request]
    process: Callable[[Request], str]
    checks: Callable[[], list[Check]]

    def version(self) -> str:
        """The version of the distribution that has the service's name."""
        try:
            return version(self.name)
        except PackageNotFoundError:
            return "0+checkout"

"""What the PlantUML converter is asked."""

import dataclasses

from clx_common.messaging.base_classes import Request
from clx_common.messaging.routing_keys import PLANTUML_PROCESS


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlantumlRequest(Request):
    """The text of a diagram, and what to make of it."""

    routing_key = PLANTUML_PROCESS

    output_format: str = "svg"

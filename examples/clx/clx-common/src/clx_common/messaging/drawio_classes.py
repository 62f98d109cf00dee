"""What the draw.io converter is asked."""

import dataclasses

from clx_common.messaging.base_classes import Request
from clx_common.messaging.routing_keys import DRAWIO_PROCESS


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrawioRequest(Request):
    """The text of a drawing, and what to make of it."""

    routing_key = DRAWIO_PROCESS

    output_format: str = "svg"

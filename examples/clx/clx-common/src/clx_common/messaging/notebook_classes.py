"""What the notebook processor is asked."""

import dataclasses

from clx_common.messaging.base_classes import Request
from clx_common.messaging.routing_keys import NOTEBOOK_PROCESS


@dataclasses.dataclass(frozen=True, kw_only=True)
class NotebookRequest(Request):
    """A script in the percent format, and which notebook to make of it."""

    routing_key = NOTEBOOK_PROCESS

    prog_lang: str = "python"
    language: str = "en"
    kind: str = "completed"
    output_format: str = "notebook"

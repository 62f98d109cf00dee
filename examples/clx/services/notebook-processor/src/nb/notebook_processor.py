"""From a script to a notebook: expand the macros, read the cells, choose, write."""

from collections.abc import Callable

from clx_common.messaging.notebook_classes import NotebookRequest
from nb.output_spec import OutputSpec
from nb.utils.jupyter_utils import parse, to_code, to_notebook
from nb.utils.prog_lang_utils import ProgLang, prog_lang

Expand = Callable[[str, ProgLang], str]


def process(request: NotebookRequest, expand: Expand) -> str:
    """The output that a request asks for."""
    lang = prog_lang(request.prog_lang)
    spec = OutputSpec(request.language, request.kind, request.output_format)
    cells = spec.select(parse(expand(request.data, lang), lang))
    write = to_notebook if spec.output_format == "notebook" else to_code
    return write(cells, lang)

"""The macros that scripts may call."""

import jinja2

from nb.utils.prog_lang_utils import ProgLang


def expand(script: str, lang: ProgLang) -> str:
    """A script with its macros expanded; `{% from "macros.j2" import header %}` brings them in."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nb", f"templates_{lang.name}"),
        line_statement_prefix=f"{lang.comment} j2",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    try:
        return environment.from_string(script).render()
    except jinja2.TemplateError as error:
        raise ValueError(f"the script's macros: {error}") from error

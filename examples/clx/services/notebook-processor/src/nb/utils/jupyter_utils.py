"""Cells: reading them from a percent script, writing them as a notebook or as a script again."""

import dataclasses
import json
import re

from nb.utils.prog_lang_utils import ProgLang


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell: what kind it is, its attributes, its lines."""

    kind: str
    source: tuple[str, ...]
    tags: frozenset[str] = frozenset()
    language: str = ""


def parse(script: str, lang: ProgLang) -> list[Cell]:
    """The cells of a percent script: `# %% [markdown] lang="en" tags=["slide", "notes"]` begins a cell."""
    head = re.compile(rf"{re.escape(lang.comment)} %%(?P<markdown> \[markdown\])?(?P<attributes>.*)")
    cells: list[tuple[re.Match[str], list[str]]] = []
    for line in script.splitlines():
        if begins := head.fullmatch(line):
            cells.append((begins, []))
        elif cells:
            cells[-1][1].append(line)
    return [cell(begins, lines, lang) for begins, lines in cells]


def cell(begins: re.Match[str], lines: list[str], lang: ProgLang) -> Cell:
    """The cell that a line begins, of the lines up to the next cell."""
    attributes = begins["attributes"]
    language = re.search(r'lang="(\w+)"', attributes)
    tags = re.search(r"tags=(\[[^]]*\])", attributes)
    kind = "markdown" if begins["markdown"] else "code"
    return Cell(
        kind=kind,
        source=tuple(without_blank_ends([uncomment(line, lang) for line in lines] if kind == "markdown" else lines)),
        tags=frozenset(json.loads(tags[1]) if tags else ()),
        language=language[1] if language else "",
    )


def uncomment(line: str, lang: ProgLang) -> str:
    """A line of Markdown without the comment sign that hides it from the language."""
    return line.removeprefix(lang.comment).removeprefix(" ")


def without_blank_ends(lines: list[str]) -> list[str]:
    """The lines from the first that is not blank to the last."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def to_notebook(cells: list[Cell], lang: ProgLang) -> str:
    """A notebook in Jupyter's format 4.5; ids count, so that equal cells give equal bytes."""
    notebook = {
        "cells": [notebook_cell(index, cell) for index, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": lang.display_name, "language": lang.name, "name": lang.kernel},
            "language_info": {"name": lang.name},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def notebook_cell(index: int, cell: Cell) -> dict[str, object]:
    """One cell as the notebook format has it."""
    lines = [f"{line}\n" for line in cell.source]
    fields: dict[str, object] = {
        "cell_type": cell.kind,
        "id": f"cell-{index}",
        "metadata": {"tags": sorted(cell.tags)},
        "source": [*lines[:-1], *(line.removesuffix("\n") for line in lines[-1:])],
    }
    if cell.kind == "code":
        fields |= {"execution_count": None, "outputs": []}
    return fields


def to_code(cells: list[Cell], lang: ProgLang) -> str:
    """A percent script of the cells that are left."""
    parts = []
    for cell in cells:
        mark = " [markdown]" if cell.kind == "markdown" else ""
        lines = [f"{lang.comment} {line}".rstrip() for line in cell.source] if mark else cell.source
        parts.append("\n".join([f"{lang.comment} %%{mark}", *lines]) + "\n")
    return "\n".join(parts)

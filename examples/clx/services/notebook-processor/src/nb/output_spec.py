"""Which cells are in which output."""

import dataclasses

from nb.utils.jupyter_utils import Cell

KINDS = ("codealong", "completed", "speaker")
FORMATS = ("code", "notebook")
LANGUAGES = ("de", "en")


@dataclasses.dataclass(frozen=True)
class OutputSpec:
    """One output: its language, its kind, its format."""

    language: str
    kind: str
    output_format: str

    def __post_init__(self) -> None:
        for what, value, known in (
            ("language", self.language, LANGUAGES),
            ("kind", self.kind, KINDS),
            ("output format", self.output_format, FORMATS),
        ):
            if value not in known:
                raise ValueError(f"unknown {what} {value!r}; known are {', '.join(known)}")

    def select(self, cells: list[Cell]) -> list[Cell]:
        """The cells that this output has."""
        return [self._content(cell) for cell in cells if self._has(cell)]

    def _has(self, cell: Cell) -> bool:
        if "del" in cell.tags or cell.language not in ("", self.language):
            return False
        if "notes" in cell.tags:
            return self.kind == "speaker"
        return True

    def _content(self, cell: Cell) -> Cell:
        """Who codes along writes the code: those cells are empty, except where they are marked to stay."""
        if self.kind == "codealong" and cell.kind == "code" and "keep" not in cell.tags:
            return dataclasses.replace(cell, source=())
        return cell

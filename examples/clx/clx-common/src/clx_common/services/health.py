"""Health checks: small facts about the place a service runs in."""

import dataclasses
import pathlib
import shutil
from importlib.metadata import PackageNotFoundError, version


@dataclasses.dataclass(frozen=True)
class Check:
    """One fact: what was looked at, whether it is as it must be, and what was found."""

    name: str
    ok: bool
    detail: str

    def __str__(self) -> str:
        return f"{'ok    ' if self.ok else 'FAILED'}  {self.name}: {self.detail}"


def program(name: str) -> Check:
    """Whether a program is on the PATH."""
    path = shutil.which(name)
    return Check(name, path is not None, path or "not on the PATH")


def file(path: str) -> Check:
    """Whether a file is there and has something in it."""
    try:
        size = pathlib.Path(path).stat().st_size
    except OSError as error:
        return Check(path, False, error.strerror or str(error))
    return Check(path, size > 0, f"{size} bytes")


def distribution(name: str) -> Check:
    """Whether a Python distribution is installed."""
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed")

"""Wheels as conda packages."""

import configparser
import email
import zipfile
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

from archive import PLACEHOLDER, File, Package

SITE_PACKAGES = "lib/python3.11/site-packages/"

SCRIPT = """#!{python}
import sys

from {module} import {root}

sys.exit({function}())
"""


class Wheel:
    """An opened wheel file."""

    def __init__(self, path: Path):
        self.archive = zipfile.ZipFile(path)
        self.names = [name for name in self.archive.namelist() if not name.endswith("/")]
        self.info = next(name for name in self.names if name.endswith(".dist-info/METADATA"))
        self.info = self.info.removesuffix("METADATA")
        self.metadata = email.message_from_string(self.text("METADATA"))
        self.noarch = path.stem.endswith("-none-any")

    def text(self, name: str) -> str:
        path = self.info + name
        return self.archive.read(path).decode() if path in self.names else ""

    @property
    def name(self) -> str:
        return self.metadata["Name"].lower()

    def package(self, channel: dict[str, "Wheel"]) -> Package:
        """The wheel as a package. `channel` has every project by its canonical name."""
        package = Package(
            name=self.name,
            version=self.metadata["Version"],
            build="pyhd_0" if self.noarch else "py311_0",
            depends=[self.python(), *self.depends(channel)],
            noarch=self.noarch,
            license=(self.metadata["License-Expression"] or "").strip(),
        )
        for name in self.names:
            self.add(package, name)
        package.files[self.site_packages + self.info + "INSTALLER"] = File(b"conda\n")
        self.add_entry_points(package)
        return package

    @property
    def site_packages(self) -> str:
        return "site-packages/" if self.noarch else SITE_PACKAGES

    def python(self) -> str:
        if not self.noarch:
            return "python >=3.11,<3.12.0a0"
        requires = (self.metadata["Requires-Python"] or "").replace(" ", "")
        return f"python {requires}".strip()

    def requirements(self, extra: str) -> list[Requirement]:
        """What the wheel requires here; with an extra, what that adds."""
        lines = self.metadata.get_all("Requires-Dist") or []
        return [
            requirement
            for requirement in map(Requirement, lines)
            if ("extra" in str(requirement.marker)) == bool(extra)
            and (requirement.marker is None or requirement.marker.evaluate({"extra": extra}))
        ]

    def depends(self, channel: dict[str, "Wheel"], extra: str = "") -> list[str]:
        """The requirements as match specs. Conda has no extras: the packages that one
        would bring are required themselves."""
        found = set()
        for requirement in self.requirements(extra):
            wheel = channel.get(canonicalize_name(requirement.name))
            if wheel is None:
                raise SystemExit(f"{self.name} needs {requirement.name}: add it to packages.txt")
            found.add(f"{wheel.name} {requirement.specifier}".strip())
            for extra in requirement.extras:
                found.update(wheel.depends(channel, extra))
        return sorted(found)

    def add(self, package: Package, name: str) -> None:
        """Adds a file where the wheel's layout says it belongs."""
        content = self.archive.read(name)
        mode = self.archive.getinfo(name).external_attr >> 16
        file = File(content, executable=bool(mode & 0o100))
        data = self.info.replace(".dist-info/", ".data/")
        kind, _, path = name.removeprefix(data).partition("/")
        if not name.startswith(data) or kind in ("purelib", "platlib"):
            path = self.site_packages + (path if name.startswith(data) else name)
        elif kind == "scripts":
            path = ("python-scripts/" if self.noarch else "bin/") + path
            file = script(content)
        elif kind == "headers":
            path = f"include/python3.11/{self.name}/{path}"
        package.files[path] = file

    def add_entry_points(self, package: Package) -> None:
        parser = configparser.ConfigParser(delimiters=("=",))
        parser.optionxform = str
        parser.read_string(self.text("entry_points.txt"))
        if not parser.has_section("console_scripts"):
            return
        for command, target in sorted(parser["console_scripts"].items()):
            target = target.split("[")[0].strip()
            if self.noarch:
                package.entry_points.append(f"{command} = {target}")
                continue
            module, function = target.split(":")
            text = SCRIPT.format(
                python="/usr/bin/python",
                module=module.strip(),
                root=function.strip().split(".")[0],
                function=function.strip(),
            )
            package.files[f"bin/{command}"] = script(text.encode())


def script(content: bytes) -> File:
    """A program whose first line names the environment's interpreter."""
    first, newline, rest = content.partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        first = f"#!{PLACEHOLDER}/bin/python".encode()
        return File(first + newline + rest, executable=True, has_placeholder=True)
    return File(content, executable=True)

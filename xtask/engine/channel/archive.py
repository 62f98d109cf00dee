"""Conda packages as files: one `.conda` archive each, and the channel's index."""

import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

# The time of everything, so that the same content gives the same bytes: 2025-01-01.
EPOCH = 1735689600

# What stands for the prefix in files; the installer puts the real one in its place.
PLACEHOLDER = "/opt/" + "placeholder_" * 12


@dataclass
class File:
    """A file of a package: content, or the target of a symbolic link."""

    content: bytes = b""
    link: str | None = None
    executable: bool = False
    has_placeholder: bool = False


@dataclass
class Package:
    """A package: what its index entry says, its files by path, its entry points."""

    name: str
    version: str
    build: str
    depends: list[str]
    noarch: bool = False
    license: str = ""
    files: dict[str, File] = field(default_factory=dict)
    entry_points: list[str] = field(default_factory=list)

    @property
    def subdir(self) -> str:
        return "noarch" if self.noarch else "linux-64"

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    def index(self) -> dict:
        entry = {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": 0,
            "depends": self.depends,
            "license": self.license,
            "subdir": self.subdir,
            "timestamp": EPOCH * 1000,
        }
        if self.noarch:
            return entry | {"noarch": "python"}
        return entry | {"arch": "x86_64", "platform": "linux"}

    def info(self) -> dict[str, File]:
        documents = {
            "info/index.json": self.index(),
            "info/about.json": {"license": self.license},
            "info/paths.json": {
                "paths": [describe(path, file) for path, file in sorted(self.files.items())],
                "paths_version": 1,
            },
        }
        if self.noarch:
            noarch = {"type": "python", "entry_points": self.entry_points}
            documents["info/link.json"] = {"noarch": noarch, "package_metadata_version": 1}
        return {path: File(dump(document)) for path, document in documents.items()}


def describe(path: str, file: File) -> dict:
    """The entry of a file in paths.json."""
    entry = {
        "_path": path,
        "path_type": "softlink" if file.link else "hardlink",
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "size_in_bytes": len(file.content),
    }
    if file.has_placeholder:
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
    return entry


def write(package: Package, channel: Path) -> dict:
    """Writes the archive into the channel; returns its entry in the index."""
    parts = {
        "metadata.json": dump({"conda_pkg_format_version": 2}),
        f"pkg-{package.stem}.tar.zst": tar(package.files),
        f"info-{package.stem}.tar.zst": tar(package.info()),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), content)
    content = buffer.getvalue()
    folder = channel / package.subdir
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{package.stem}.conda").write_bytes(content)
    return package.index() | {
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }


def tar(files: dict[str, File]) -> bytes:
    """A compressed tar of the files, in the order of their names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, file in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.mtime = EPOCH
            member.mode = 0o755 if file.executable else 0o644
            if file.link:
                member.type, member.linkname = tarfile.SYMTYPE, file.link
            else:
                member.size = len(file.content)
            archive.addfile(member, None if file.link else io.BytesIO(file.content))
    return zstandard.ZstdCompressor(level=3).compress(buffer.getvalue())


def write_index(channel: Path, subdir: str, entries: dict[str, dict]) -> None:
    """Writes the index of one subdirectory of a channel; it may be empty."""
    folder = channel / subdir
    folder.mkdir(parents=True, exist_ok=True)
    index = {
        "info": {"subdir": subdir},
        "packages": {},
        "packages.conda": dict(sorted(entries.items())),
        "removed": [],
        "repodata_version": 1,
    }
    (folder / "repodata.json").write_bytes(dump(index))


def dump(document: dict) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode()

#!/usr/bin/env python3
"""Makes the archives of the CLX example from the sources under assets/, with nothing but Python's library.

The bytes depend on the sources alone: times, owners and modes are fixed, and nothing is compressed, so that no
version of zlib can matter. A file that is already right is left untouched. `--check` only compares.
"""

import argparse
import hashlib
import io
import pathlib
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent
ASSETS = ROOT / "assets"
NOTEBOOK = "services/notebook-processor"
DRAWIO = "services/drawio-converter"
PLANTUML = "services/plantuml-converter"
MEBIBYTE = 1 << 20
# 2024-01-01T00:00:00Z, as seconds and as a zip file writes it.
SECONDS, ZIP_TIME = 1704067200, (2024, 1, 1, 0, 0, 0)

sys.dont_write_bytecode = True
sys.path.insert(0, str(ASSETS))
import font  # noqa: E402  (it lies beside the other sources)


def main() -> int:
    """Writes what is missing or different; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; fail if a file is missing or different")
    check = parser.parse_args().check
    stale = 0
    for path, data in archives().items():
        target = ROOT / path
        if target.is_file() and target.read_bytes() == data:
            continue
        stale += 1
        if check:
            print(f"{path}: missing or different; run examples/clx/make-assets.py", file=sys.stderr)
        else:
            target.write_bytes(data)
            print(f"{path}: {len(data):,} bytes")
    return 1 if check and stale else 0


def archives() -> dict[str, bytes]:
    """Every archive by its path."""
    return {
        f"{NOTEBOOK}/deno-x86_64-unknown-linux-gnu.zip": zip_of(
            # The shell leaves the script at its `exit`; the ballast below it stands for a compiled program.
            {"deno": (source("deno/deno") + ballast("deno", 8 * MEBIBYTE), 0o755)}
        ),
        f"{NOTEBOOK}/ijava-1.3.0.zip": zip_of(
            {
                "install.py": (source("ijava/install.py"), 0o644),
                "java/ijava-1.3.0.jar": (jar("ijava/java/MANIFEST.MF", "ijava", MEBIBYTE), 0o644),
            }
        ),
        f"{NOTEBOOK}/packages-microsoft-prod.deb": deb(
            source("microsoft/control"),
            {"etc/dotnet/dotnet.conf": (source("microsoft/dotnet.conf"), 0o644)},
        ),
        f"{DRAWIO}/drawio-amd64-24.7.5.deb": deb(
            source("drawio/control"),
            {
                "opt/drawio/drawio": (source("drawio/drawio"), 0o755),
                "opt/drawio/resources/app.asar": (ballast("drawio", 8 * MEBIBYTE), 0o644),
            },
            links={"usr/bin/drawio": "/opt/drawio/drawio"},
        ),
        f"{DRAWIO}/ArchitectsDaughter-Regular.ttf": font.font(),
        f"{PLANTUML}/plantuml-1.2024.6.jar": jar("plantuml/MANIFEST.MF", "plantuml", 4 * MEBIBYTE),
    }


def source(path: str) -> bytes:
    """A text under assets/, with line ends as on Linux."""
    return (ASSETS / path).read_bytes().replace(b"\r\n", b"\n")


def ballast(name: str, size: int) -> bytes:
    """Bytes that do not compress and are the same everywhere."""
    return hashlib.shake_128(name.encode()).digest(size)


def zip_of(files: dict[str, tuple[bytes, int]]) -> bytes:
    """A zip archive that says it was made on Unix, with modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, (data, mode) in files.items():
            info = zipfile.ZipInfo(path, ZIP_TIME)
            info.create_system = 3
            info.external_attr = (0o100000 | mode) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def jar(manifest: str, name: str, size: int) -> bytes:
    """A jar: a zip archive whose first entry is its manifest."""
    return zip_of(
        {
            "META-INF/MANIFEST.MF": (source(manifest).replace(b"\n", b"\r\n"), 0o644),
            f"{name}.bin": (ballast(name, size), 0o644),
        }
    )


def deb(control: bytes, files: dict[str, tuple[bytes, int]], links: dict[str, str] | None = None) -> bytes:
    """A Debian package: an ar archive of the format's version, the control data and the files."""
    sums = "".join(f"{hashlib.md5(data).hexdigest()}  {path}\n" for path, (data, _) in files.items())
    size = sum(len(data) for data, _ in files.values()) // 1024 + 1
    fields = control.replace(b"\nDescription:", f"\nInstalled-Size: {size}\nDescription:".encode())
    members = {
        "debian-binary": b"2.0\n",
        "control.tar": tar_of({"control": (fields, 0o644), "md5sums": (sums.encode(), 0o644)}, {}),
        "data.tar": tar_of(files, links or {}),
    }
    return b"!<arch>\n" + b"".join(ar_member(name, data) for name, data in members.items())


def ar_member(name: str, data: bytes) -> bytes:
    """One member of an ar archive, filled up to an even length."""
    header = f"{name:<16}{SECONDS:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
    return header.encode() + data + b"\n" * (len(data) % 2)


def tar_of(files: dict[str, tuple[bytes, int]], links: dict[str, str]) -> bytes:
    """A tar archive with every folder named before what is in it, owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in folders([*files, *links]):
            archive.addfile(entry(folder, tarfile.DIRTYPE, 0o755))
        for path, (data, mode) in files.items():
            archive.addfile(entry(path, tarfile.REGTYPE, mode, size=len(data)), io.BytesIO(data))
        for path, target in links.items():
            archive.addfile(entry(path, tarfile.SYMTYPE, 0o777, linkname=target))
    return buffer.getvalue()


def folders(paths: list[str]) -> list[str]:
    """The folders above `paths`, outermost first."""
    above = {str(parent) for path in paths for parent in pathlib.PurePosixPath(path).parents}
    return sorted(above)


def entry(path: str, kind: bytes, mode: int, size: int = 0, linkname: str = "") -> tarfile.TarInfo:
    """A tar header in the form dpkg writes it, below `./`."""
    info = tarfile.TarInfo("./" if path == "." else f"./{path}")
    info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, size, linkname, SECONDS
    info.uname = info.gname = "root"
    return info


if __name__ == "__main__":
    sys.exit(main())

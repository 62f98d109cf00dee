"""Makes a conda channel of a relocated Python and a folder of wheels.

usage: pack.py PYTHON WHEELS CHANNELS
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import archive
from archive import File, Package
from pip._vendor.packaging.utils import canonicalize_name
from wheels import Wheel

# The channel that has everything, and others that environment files name beside it.
CHANNEL = "conda-forge"
EMPTY_CHANNELS = ["nvidia", "pytorch"]


def python(prefix: Path) -> Package:
    """The relocated interpreter as a package."""
    version = subprocess.check_output([prefix / "bin/python", "--version"], text=True).split()[1]
    package = Package(
        name="python", version=version, build="debian_0_cpython", depends=[], license="PSF-2.0"
    )
    for path in prefix.rglob("*"):
        name = str(path.relative_to(prefix))
        if path.is_symlink():
            package.files[name] = File(link=str(path.readlink()))
        elif path.is_file():
            executable = bool(path.stat().st_mode & 0o100)
            package.files[name] = File(path.read_bytes(), executable=executable)
    return package


def main(prefix: Path, wheels: Path, channels: Path) -> None:
    found = [Wheel(path) for path in sorted(wheels.glob("*.whl"))]
    channel = {canonicalize_name(wheel.name): wheel for wheel in found}
    entries = defaultdict(dict)
    for package in [python(prefix), *(wheel.package(channel) for wheel in found)]:
        entry = archive.write(package, channels / CHANNEL)
        entries[CHANNEL, package.subdir][f"{package.stem}.conda"] = entry
        print(f"{entry['size']:>10}  {package.subdir}/{package.stem}")
    for name in [CHANNEL, *EMPTY_CHANNELS]:
        for subdir in ["linux-64", "noarch"]:
            archive.write_index(channels / name, subdir, entries[name, subdir])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

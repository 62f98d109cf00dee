"""Reading the manifest of a jar."""

import pathlib
import zipfile

MANIFEST = "META-INF/MANIFEST.MF"


class JarError(ValueError):
    """A file that is not a jar, or a jar without a manifest."""


def manifest(path: pathlib.Path) -> dict[str, str]:
    """The main attributes of a jar's manifest."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(MANIFEST).decode("utf-8")
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise JarError(f"{path} is not a jar: {error}") from error
    return attributes(text)


def attributes(text: str) -> dict[str, str]:
    """The first section of a manifest. A line that begins with a space goes on where the one before it ended."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line:
            break
        if line.startswith(" ") and lines:
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return {key: value for key, _, value in (line.partition(": ") for line in lines)}

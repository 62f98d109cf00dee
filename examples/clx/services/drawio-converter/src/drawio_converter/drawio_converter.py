"""The draw.io converter: drawings in, images out."""

import pathlib
import sys
import tempfile

from clx_common.messaging.drawio_classes import DrawioRequest
from clx_common.services.application import main
from clx_common.services.health import Check, distribution, program
from clx_common.services.service import Service
from clx_common.services.subprocess_tools import ProgramError, run

FORMATS = ("svg",)
FONT = "CLX Hand"


def convert(request: DrawioRequest) -> str:
    """The drawing as draw.io exports it."""
    if request.output_format not in FORMATS:
        raise ValueError(f"cannot make {request.output_format!r}; known is {', '.join(FORMATS)}")
    with tempfile.TemporaryDirectory() as folder:
        drawing, image = pathlib.Path(folder, "drawing.drawio"), pathlib.Path(folder, "image")
        drawing.write_text(request.data, encoding="utf-8")
        run(["drawio", "--export", "--format", request.output_format, "--output", str(image), str(drawing)])
        return image.read_text(encoding="utf-8")


def checks() -> list[Check]:
    """draw.io, the fonts and the libraries."""
    return [
        program("drawio"),
        program("dbus-daemon"),
        font(),
        distribution("aiofiles"),
        distribution("tenacity"),
        distribution("clx-common"),
    ]


def font() -> Check:
    """Whether the font of the drawings is known to fontconfig."""
    try:
        found = run(["fc-list", FONT, "file"]).strip()
    except ProgramError as error:
        return Check(FONT, False, str(error))
    return Check(FONT, bool(found), found.rstrip(": ") or "not among the fonts")


SERVICE = Service("drawio-converter", 8889, DrawioRequest, convert, checks)

if __name__ == "__main__":
    sys.exit(main(SERVICE))

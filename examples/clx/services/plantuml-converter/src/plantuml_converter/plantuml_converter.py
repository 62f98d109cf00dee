"""The PlantUML converter: diagrams in, images out."""

import pathlib
import sys

from clx_common.messaging.plantuml_classes import PlantumlRequest
from clx_common.services.application import main
from clx_common.services.health import Check, distribution, program
from clx_common.services.service import Service
from clx_common.services.subprocess_tools import run
from plantuml_converter.jar import JarError, manifest

JAR = pathlib.Path("/app/plantuml.jar")
FORMATS = ("svg", "txt")


def convert(request: PlantumlRequest) -> str:
    """The diagram as PlantUML draws it."""
    if request.output_format not in FORMATS:
        raise ValueError(f"cannot make {request.output_format!r}; known are {', '.join(FORMATS)}")
    return run(["java", "-jar", str(JAR), "-pipe", f"-t{request.output_format}"], stdin=request.data)


def checks() -> list[Check]:
    """The jar, Graphviz and the libraries; Java only matters once something is to be drawn."""
    return [
        jar(),
        program("dot"),
        program("dbus-daemon"),
        distribution("aiofiles"),
        distribution("tenacity"),
        distribution("clx-common"),
    ]


def jar() -> Check:
    """Whether the jar is there and says which PlantUML it is."""
    try:
        found = manifest(JAR).get("Implementation-Version")
    except JarError as error:
        return Check("plantuml", False, str(error))
    return Check("plantuml", found is not None, found or f"{JAR} does not say its version")


SERVICE = Service("plantuml-converter", 8890, PlantumlRequest, convert, checks)

if __name__ == "__main__":
    sys.exit(main(SERVICE))

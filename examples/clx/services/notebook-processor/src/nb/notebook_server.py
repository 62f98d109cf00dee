"""The notebook processor as a program and over HTTP."""

import sys

from clx_common.messaging.notebook_classes import NotebookRequest
from clx_common.services.application import main
from clx_common.services.health import Check, distribution, program
from clx_common.services.service import Service
from nb.notebook_processor import process

KERNELS = ("deno", "java", ".net-csharp")


def process_with_macros(request: NotebookRequest) -> str:
    """Processes a request; only here is Jinja needed."""
    from nb.templates import expand

    return process(request, expand)


def checks() -> list[Check]:
    """The libraries, the kernels and what the kernels call."""
    return [
        distribution("clx-common"),
        distribution("jinja2"),
        distribution("numpy"),
        distribution("pymediawiki"),
        program("dot"),
        program("deno"),
        program("dotnet-interactive"),
        *kernels(),
    ]


def kernels() -> list[Check]:
    """Whether Jupyter finds the kernels."""
    try:
        from jupyter_client.kernelspec import find_kernel_specs
    except ImportError as error:
        return [Check("jupyter_client", False, str(error))]
    found = find_kernel_specs()
    return [Check(f"kernel {name}", name in found, found.get(name, "not registered")) for name in KERNELS]


SERVICE = Service("notebook-processor", 8888, NotebookRequest, process_with_macros, checks)

if __name__ == "__main__":
    sys.exit(main(SERVICE))

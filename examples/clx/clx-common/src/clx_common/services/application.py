"""The command line of a service: `--version`, `health`, `process FILE` and, without arguments, `serve`."""

import argparse
import logging
import os
import pathlib
import sys
from collections.abc import Sequence

from clx_common import __version__
from clx_common.services.http_server import server_for
from clx_common.services.service import Service

log = logging.getLogger(__name__)


def main(service: Service, arguments: Sequence[str] | None = None) -> int:
    """Runs the command line of a service; returns the exit status."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO").upper(), format="%(levelname)s %(message)s")
    options = parser(service).parse_args(arguments)
    return options.run(service, options)


def parser(service: Service) -> argparse.ArgumentParser:
    """The command line that all services have."""
    top = argparse.ArgumentParser(prog=service.name)
    top.add_argument(
        "--version", action="version", version=f"{service.name} {service.version()} (clx-common {__version__})"
    )
    top.set_defaults(run=serve, host="0.0.0.0", port=service.port)
    commands = top.add_subparsers(title="commands")

    commands.add_parser("health", help="look at what the service needs").set_defaults(run=health)

    server = commands.add_parser("serve", help="answer over HTTP (the default)")
    server.add_argument("--host", default="0.0.0.0")
    server.add_argument("--port", type=int, default=service.port)
    server.set_defaults(run=serve)

    once = commands.add_parser("process", help="process one file and write the result to standard output")
    once.add_argument("file", type=pathlib.Path)
    once.set_defaults(run=process)
    return top


def health(service: Service, _options: argparse.Namespace) -> int:
    """Prints the checks; fails if one of them does."""
    checks = service.checks()
    for check in checks:
        print(check)
    return 0 if all(check.ok for check in checks) else 1


def process(service: Service, options: argparse.Namespace) -> int:
    """Processes one file with the defaults of the service's request."""
    request = service.request(data=options.file.read_text(encoding="utf-8"))
    sys.stdout.write(service.process(request))
    return 0


def serve(service: Service, options: argparse.Namespace) -> int:
    """Answers over HTTP until it is interrupted."""
    with server_for(service, options.host, options.port) as server:
        log.info("%s %s answers on port %d", service.name, service.version(), server.server_port)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            log.info("%s stops", service.name)
    return 0

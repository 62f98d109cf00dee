"""A service over HTTP: `GET /health` and `POST /process`, both in JSON."""

import dataclasses
import json
import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from clx_common.messaging.base_classes import Failure, MessageError, Result
from clx_common.services.service import Service

log = logging.getLogger(__name__)
LARGEST_REQUEST = 16 << 20


def server_for(service: Service, host: str, port: int) -> ThreadingHTTPServer:
    """A server, bound but not yet answering; port 0 takes a free one."""
    return ThreadingHTTPServer((host, port), type("Handler", (_Handler,), {"service": service}))


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        if self.path != "/health":
            self._answer(HTTPStatus.NOT_FOUND, json.dumps({"error": f"no {self.path} here; try /health"}))
            return
        checks = self.service.checks()
        healthy = all(check.ok for check in checks)
        found = [dataclasses.asdict(check) for check in checks]
        body = {"service": self.service.name, "healthy": healthy, "checks": found}
        self._answer(HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE, json.dumps(body))

    def do_POST(self) -> None:
        if self.path != "/process":
            self._answer(HTTPStatus.NOT_FOUND, json.dumps({"error": f"no {self.path} here; try /process"}))
            return
        size = int(self.headers.get("Content-Length", 0))
        if size > LARGEST_REQUEST:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, json.dumps({"error": f"{size} bytes are too many"}))
            return
        try:
            request = self.service.request.from_json(self.rfile.read(size))
        except MessageError as error:
            self._answer(HTTPStatus.BAD_REQUEST, json.dumps({"error": str(error)}))
            return
        try:
            result = Result(correlation_id=request.correlation_id, result=self.service.process(request))
            self._answer(HTTPStatus.OK, result.to_json())
        except (RuntimeError, ValueError) as error:
            failure = Failure(correlation_id=request.correlation_id, error=str(error))
            self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, failure.to_json())

    def _answer(self, status: HTTPStatus, body: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        log.info("%s %s", self.client_address[0], format % args)

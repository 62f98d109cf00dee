"""The command line and the HTTP server around a service."""

import contextlib
import io
import json
import tempfile
import threading
import unittest
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from clx_common.messaging.base_classes import Request
from clx_common.services.application import main
from clx_common.services.health import Check
from clx_common.services.http_server import server_for
from clx_common.services.service import Service


def shout(request: Request) -> str:
    if not request.data:
        raise ValueError("nothing to shout")
    return request.data.upper()


def service(healthy: bool = True) -> Service:
    return Service("shouter", 0, Request, shout, lambda: [Check("voice", healthy, "loud")])


class CommandLine(unittest.TestCase):
    def run_main(self, *arguments: str, healthy: bool = True) -> tuple[int, str]:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            try:
                status = main(service(healthy), arguments)
            except SystemExit as exit:
                status = exit.code
        return status, output.getvalue()

    def test_version(self):
        status, output = self.run_main("--version")
        self.assertEqual(status, 0)
        self.assertRegex(output, r"^shouter \S+ \(clx-common \S+\)\n$")

    def test_health(self):
        self.assertEqual(self.run_main("health"), (0, "ok      voice: loud\n"))
        self.assertEqual(self.run_main("health", healthy=False), (1, "FAILED  voice: loud\n"))

    def test_process(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("hello")
            file.flush()
            self.assertEqual(self.run_main("process", file.name), (0, "HELLO"))


class Http(unittest.TestCase):
    def setUp(self):
        self.server = server_for(service(), "127.0.0.1", 0)
        self.enterContext(self.server)
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)
        self.enterContext(self.assertLogs("clx_common"))

    def ask(self, path: str, body: str | None = None) -> tuple[int, dict]:
        url = f"http://127.0.0.1:{self.server.server_port}{path}"
        try:
            with urlopen(HttpRequest(url, body.encode() if body is not None else None), timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def test_health(self):
        status, body = self.ask("/health")
        self.assertEqual(status, 200)
        self.assertEqual(body["checks"], [{"name": "voice", "ok": True, "detail": "loud"}])

    def test_process(self):
        request = Request(data="hello")
        status, body = self.ask("/process", request.to_json())
        self.assertEqual((status, body), (200, {"correlation_id": request.correlation_id, "result": "HELLO"}))

    def test_failures(self):
        for path, body, expected in (
            ("/process", "{", 400),
            ("/process", Request(data="").to_json(), 422),
            ("/nowhere", None, 404),
            ("/nowhere", "{}", 404),
        ):
            with self.subTest(path=path, body=body):
                status, answer = self.ask(path, body)
                self.assertEqual(status, expected)
                self.assertTrue(answer["error"])

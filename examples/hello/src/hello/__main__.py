"""Says hello on the command line, or with --serve over HTTP on port 8000."""

import argparse
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from jinja2 import Template

GREETING = Template("Hello, {{ name }}!")


class Handler(BaseHTTPRequestHandler):
    """Greets whoever the path names."""

    def do_GET(self) -> None:
        body = GREETING.render(name=self.path.strip("/") or "world").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Reads the command line and greets."""
    parser = argparse.ArgumentParser(prog="hello", description=__doc__)
    parser.add_argument("--version", action="version", version=f"hello {version('hello')}")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("name", nargs="?", default="world")
    options = parser.parse_args()
    if options.serve:
        HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
    else:
        print(GREETING.render(name=options.name))


if __name__ == "__main__":
    main()

"""The converters: what they read themselves, and how they fail without the programs they call."""

import pathlib
import subprocess
import tempfile
import unittest

from clx_common.messaging.drawio_classes import DrawioRequest
from clx_common.messaging.plantuml_classes import PlantumlRequest
from clx_common.services import health
from clx_common.services.subprocess_tools import ProgramError, run
from drawio_converter.drawio_converter import convert as convert_drawing
from plantuml_converter.jar import JarError, attributes, manifest
from plantuml_converter.plantuml_converter import convert as convert_diagram
from tests import ROOT


class Converters(unittest.TestCase):
    def test_unknown_formats(self):
        for convert, request in (
            (convert_drawing, DrawioRequest(data="", output_format="gif")),
            (convert_diagram, PlantumlRequest(data="", output_format="gif")),
        ):
            with self.subTest(request), self.assertRaisesRegex(ValueError, "cannot make 'gif'"):
                convert(request)

    def test_the_drawing_program(self):
        with tempfile.TemporaryDirectory() as folder:
            image = pathlib.Path(folder, "image.svg")
            script = ROOT / "assets/drawio/drawio"
            drawing = ROOT / "test-data/greeting.drawio"
            subprocess.run(["sh", script, "--export", "--format", "svg", "--output", image, drawing], check=True)
            self.assertRegex(image.read_text(encoding="utf-8"), r'(?s)^<svg .*y="20">Hello<.*y="40">World<.*</svg>\n$')


class Jars(unittest.TestCase):
    def test_long_lines_go_on(self):
        text = "Manifest-Version: 1.0\r\nClass-Path: a.jar b\r\n .jar\r\n\r\nName: part\r\n"
        self.assertEqual(attributes(text), {"Manifest-Version": "1.0", "Class-Path": "a.jar b.jar"})

    def test_not_a_jar(self):
        for path in (pathlib.Path(__file__), ROOT / "missing.jar"):
            with self.subTest(path), self.assertRaisesRegex(JarError, "is not a jar"):
                manifest(path)


class Programs(unittest.TestCase):
    def test_output(self):
        self.assertEqual(run(["cat"], stdin="hello"), "hello")

    def test_failures(self):
        for command, complaint in (
            (["sh", "-c", "echo broken >&2; exit 3"], "sh ended with status 3: broken"),
            (["no-such-program"], "no-such-program is not installed"),
        ):
            with self.subTest(command), self.assertRaisesRegex(ProgramError, complaint):
                run(command)

    def test_checks(self):
        self.assertTrue(health.program("sh").ok)
        self.assertFalse(health.program("no-such-program").ok)
        self.assertTrue(health.file(__file__).ok)
        self.assertFalse(health.file("/no/such/file").ok)
        self.assertFalse(health.distribution("no-such-distribution").ok)

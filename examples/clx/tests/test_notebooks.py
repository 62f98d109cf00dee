"""Scripts become the notebooks that were asked for."""

import json
import unittest

from clx_common.messaging.notebook_classes import NotebookRequest
from nb.notebook_processor import process
from nb.utils.jupyter_utils import Cell, parse
from nb.utils.prog_lang_utils import LANGUAGES, prog_lang
from tests import ROOT

SCRIPT = (ROOT / "test-data/slides/greeting.py").read_text(encoding="utf-8")


def texts(**fields: str) -> list[str]:
    notebook = json.loads(process(NotebookRequest(data=SCRIPT, **fields), lambda script, _: script))
    return ["".join(cell["source"]) for cell in notebook["cells"]]


class Notebooks(unittest.TestCase):
    def test_completed(self):
        self.assertEqual(
            texts(), ["# Greeting", "import datetime", 'def greet(name):\n    return f"Hello, {name}!"', 'greet("you")']
        )

    def test_the_language_chooses_cells(self):
        self.assertEqual(texts(language="de")[0], "# Begrüßung")

    def test_the_speaker_sees_notes(self):
        self.assertIn("Ask first who knows f-strings.", texts(kind="speaker"))

    def test_who_codes_along_writes_the_code(self):
        self.assertEqual(texts(kind="codealong"), ["# Greeting", "import datetime", "", ""])

    def test_equal_input_gives_equal_bytes(self):
        first, second = (process(NotebookRequest(data=SCRIPT), lambda script, _: script) for _ in range(2))
        self.assertEqual(first, second)

    def test_code_keeps_the_format(self):
        code = process(NotebookRequest(data=SCRIPT, output_format="code"), lambda script, _: script)
        again = process(NotebookRequest(data=code, output_format="code"), lambda script, _: script)
        self.assertEqual(again, code)
        self.assertTrue(code.startswith("# %% [markdown]\n# # Greeting\n"), code)

    def test_unknown_values(self):
        for fields in ({"language": "fr"}, {"kind": "x"}, {"output_format": "pdf"}, {"prog_lang": "cobol"}):
            with self.subTest(fields), self.assertRaisesRegex(ValueError, "unknown .*; known are"):
                texts(**fields)

    def test_other_comment_signs(self):
        cells = parse('// %% [markdown] tags=["slide"]\n// # Title\n\n// %%\nint x = 1;\n', prog_lang("java"))
        self.assertEqual(
            cells, [Cell("markdown", ("# Title",), frozenset({"slide"})), Cell("code", ("int x = 1;",))]
        )

    def test_every_language_has_macros(self):
        for name in LANGUAGES:
            macros = ROOT / f"services/notebook-processor/src/nb/templates_{name}/macros.j2"
            self.assertIn("macro header(", macros.read_text(encoding="utf-8"))

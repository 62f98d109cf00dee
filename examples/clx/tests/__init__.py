"""The tests of the CLX example. They need Python's library alone: `python3 -m unittest` in the example's folder."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

for source in ("clx-common", "services/notebook-processor", "services/drawio-converter", "services/plantuml-converter"):
    sys.path.insert(0, str(ROOT / source / "src"))

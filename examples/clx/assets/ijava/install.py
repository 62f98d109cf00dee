"""Registers the Java kernel below a prefix: python3 install.py --prefix DIR (or --sys-prefix)."""

import argparse
import json
import pathlib
import shutil
import sys

parser = argparse.ArgumentParser(description=__doc__)
place = parser.add_mutually_exclusive_group(required=True)
place.add_argument("--sys-prefix", action="store_const", const=sys.prefix, dest="prefix")
place.add_argument("--prefix")
prefix = pathlib.Path(parser.parse_args().prefix)

source = pathlib.Path(__file__).parent / "java"
kernel = prefix / "share/jupyter/kernels/java"
shutil.copytree(source, kernel, dirs_exist_ok=True)
(kernel / "kernel.json").write_text(
    json.dumps(
        {
            "argv": ["java", "-jar", str(kernel / "ijava-1.3.0.jar"), "{connection_file}"],
            "display_name": "Java",
            "language": "java",
        },
        indent=2,
    )
    + "\n"
)
print(f"installed the java kernel into {kernel}")

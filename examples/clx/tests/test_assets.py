"""The archives are made alike each time, and tools accept them."""

import importlib.util
import io
import struct
import sys
import unittest
import zipfile

from tests import ROOT

spec = importlib.util.spec_from_file_location("make_assets", ROOT / "make-assets.py")
make_assets = importlib.util.module_from_spec(spec)
sys.modules["make_assets"] = make_assets
spec.loader.exec_module(make_assets)


class Assets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.archives = make_assets.archives()

    def test_equal_each_time(self):
        self.assertEqual(make_assets.archives(), self.archives)

    def test_all_are_ignored_by_git(self):
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
        self.assertEqual([path for path in self.archives if path not in ignored], [])

    def test_zips(self):
        for path, data in self.archives.items():
            if path.endswith((".zip", ".jar")):
                with self.subTest(path), zipfile.ZipFile(io.BytesIO(data)) as archive:
                    self.assertIsNone(archive.testzip())

    def test_deno_is_executable(self):
        data = self.archives["services/notebook-processor/deno-x86_64-unknown-linux-gnu.zip"]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.assertEqual(archive.getinfo("deno").external_attr >> 16, 0o100755)

    def test_debs_begin_with_the_version(self):
        for path, data in self.archives.items():
            if path.endswith(".deb"):
                with self.subTest(path):
                    self.assertTrue(data.startswith(b"!<arch>\ndebian-binary   "))
                    self.assertEqual(data[68:72], b"2.0\n")

    def test_the_font_adds_up(self):
        data = self.archives["services/drawio-converter/ArchitectsDaughter-Regular.ttf"]
        words = struct.unpack(f">{len(data) // 4}I", data)
        self.assertEqual(sum(words) & 0xFFFFFFFF, 0xB1B0AFBA)

"""Messages survive the way over the wire, and bad ones say what is wrong."""

import unittest

from clx_common.messaging.base_classes import MessageError
from clx_common.messaging.drawio_classes import DrawioRequest
from clx_common.messaging.notebook_classes import NotebookRequest


class Messages(unittest.TestCase):
    def test_json_and_back(self):
        request = NotebookRequest(data="# %%\n1 + 1\n", language="de")
        self.assertEqual(NotebookRequest.from_json(request.to_json()), request)

    def test_ids_differ(self):
        self.assertNotEqual(DrawioRequest(data="").correlation_id, DrawioRequest(data="").correlation_id)

    def test_routing_keys(self):
        self.assertEqual(NotebookRequest.routing_key, "notebook.process")
        self.assertNotIn("routing_key", NotebookRequest(data="").to_json())

    def test_bad_messages(self):
        for text, complaint in (
            ("{", "not JSON"),
            ("[]", "expected an object, found list"),
            ("{}", "missing fields: data"),
            ('{"data": "", "colour": "", "size": ""}', "unknown fields: colour, size"),
            ('{"data": 1}', "fields that are not texts: data"),
        ):
            with self.subTest(text), self.assertRaisesRegex(MessageError, complaint):
                DrawioRequest.from_json(text)

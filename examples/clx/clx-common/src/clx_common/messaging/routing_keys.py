"""The names under which requests are sent."""

NOTEBOOK_PROCESS = "notebook.process"
DRAWIO_PROCESS = "drawio.process"
PLANTUML_PROCESS = "plantuml.process"

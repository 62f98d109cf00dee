"""Where the output of a course goes."""

import pathlib

SOURCE_EXTENSIONS = {"cpp": ".cpp", "csharp": ".cs", "java": ".java", "python": ".py", "typescript": ".ts"}


def output_path(root: pathlib.Path, language: str, kind: str, output_format: str, name: str) -> pathlib.Path:
    """The path of one output below `root`: language, kind and format are folders."""
    return root / language / kind / output_format / name


def extension(output_format: str, prog_lang: str) -> str:
    """The extension of an output file; an unknown format or programming language is an error."""
    if output_format == "notebook":
        return ".ipynb"
    if output_format != "code":
        raise ValueError(f"unknown output format {output_format!r}; known are code and notebook")
    if prog_lang not in SOURCE_EXTENSIONS:
        raise ValueError(f"unknown programming language {prog_lang!r}; known are {', '.join(SOURCE_EXTENSIONS)}")
    return SOURCE_EXTENSIONS[prog_lang]

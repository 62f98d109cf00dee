"""What is known of the programming languages that notebooks are written in."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ProgLang:
    """A language: how its comments begin, and the kernel that runs it."""

    name: str
    comment: str
    kernel: str
    display_name: str


LANGUAGES = {
    language.name: language
    for language in (
        ProgLang("cpp", "//", "xcpp17", "C++17"),
        ProgLang("csharp", "//", ".net-csharp", ".NET (C#)"),
        ProgLang("java", "//", "java", "Java"),
        ProgLang("python", "#", "python3", "Python 3"),
        ProgLang("typescript", "//", "deno", "Deno"),
    )
}


def prog_lang(name: str) -> ProgLang:
    """The language called `name`."""
    try:
        return LANGUAGES[name]
    except KeyError as error:
        raise ValueError(f"unknown programming language {name!r}; known are {', '.join(LANGUAGES)}") from error

"""Renders text files as HTML pages and an index: render.py SOURCE TARGET."""

import html
import pathlib
import sys

PAGE = "<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n{body}\n"


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    """One page for each file, and an index of them."""
    folder = target / "html"
    folder.mkdir(parents=True, exist_ok=True)
    links = []
    for path in sorted(source.glob("*.txt")):
        title, _, text = path.read_text(encoding="utf-8").partition("\n")
        paragraphs = [f"<p>{html.escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip()]
        (folder / f"{path.stem}.html").write_text(PAGE.format(title=html.escape(title), body="\n".join(paragraphs)))
        links.append(f'<p><a href="{path.stem}.html">{html.escape(title)}</a></p>')
    (folder / "index.html").write_text(PAGE.format(title="Pages", body="\n".join(links)))
    (target / "count.txt").write_text(f"{len(links)}\n")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))

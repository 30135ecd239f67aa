"""Write ``llms.txt`` (llmstxt.org): what the site is, and every page with its first paragraph.

The packages for it list Markdown sources, and those of our reference hold only directives; this lists the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import toctree
from sphinx.application import Sphinx


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the file beside ``index.html``."""
    if error is None and app.builder.format == "html":
        Path(app.outdir, "llms.txt").write_text("\n".join(_lines(app)) + "\n", encoding="utf-8")


def _lines(app: Sphinx) -> Iterator[str]:
    yield f"# {app.config.project}"
    yield from ("", f"> {_summary(app, app.config.root_doc)}")
    for part in app.env.get_doctree(app.config.root_doc).findall(toctree):
        yield from ("", f"## {part.get('caption') or 'Pages'}", "")
        for page in _pages(app, [target for _, target in part["entries"]]):
            yield f"- [{app.env.titles[page].astext()}]({app.builder.get_target_uri(page)}): {_summary(app, page)}"


def _pages(app: Sphinx, pages: list[str]) -> Iterator[str]:
    for page in pages:
        yield page
        yield from _pages(app, app.env.toctree_includes.get(page, []))


def _summary(app: Sphinx, page: str) -> str:
    first = next(app.env.get_doctree(page).findall(nodes.paragraph), None)
    return " ".join(first.astext().split()) if first else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

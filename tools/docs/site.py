# SPDX-License-Identifier: Apache-2.0
"""Hooks of mkdocs (mkdocs.yml): what docs/ links to outside of itself comes along, and no page is left out.

Documents link to files of the repository as they do on a forge: `../DEVELOPERS.md`, `../deploy/policies/default.policy`.
In the site a document of the top becomes a page, any other file a copy under source/ with `.txt` behind its name, which
every browser shows and none runs; a folder is named and not linked.
"""
import pathlib
import posixpath
import re

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"
# Documents of the top that are pages.
TOP_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "DEVELOPERS.md")
# ](target), target without scheme and not a mere #fragment; images, too.
LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")
CODE = re.compile(r"`[^`]*`")
WHOLE_LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s:]+)\)")


def repository_path(page_source, target):
    """The file of the repository that `target` means in the document `page_source` (relative to the top)."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page_source), target))


def source_of(file):
    """Where a page comes from, relative to the top."""
    return pathlib.Path(file.abs_src_path).relative_to(TOP).as_posix()


def site_path(path):
    """Where the repository's file `path` is in the site's sources; README.md is the home page's other form."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path in TOP_PAGES:
        return path
    return f"source/{path}.txt"


def links_of(source):
    """Repository paths that a document links to."""
    text = (TOP / source).read_text(encoding="utf-8")
    return {repository_path(source, match.group(2)) for match in LINK.finditer(text)}


def on_files(files, config):
    def add(path, place):
        file = File(place, str(DOCS), config["site_dir"], config["use_directory_urls"])
        file.abs_src_path = str(TOP / path)
        files.append(file)

    add("tools/docs/site.css", "assets/site.css")
    for page in TOP_PAGES:
        add(page, page)
    linked = set().union(*(links_of(source_of(file)) for file in files.documentation_pages()))
    for path in sorted(linked):
        if not path.startswith(("docs/", "..")) and path not in TOP_PAGES and (TOP / path).is_file():
            add(path, site_path(path))
    return files


def on_page_markdown(markdown, page, config, files):
    source = source_of(page.file)

    def without_folders(match):
        path = repository_path(source, match[2])
        if not (TOP / path).is_dir():
            return match[0]
        return match[1] if path in match[1] else f"{match[1]} (`{path}/`)"

    def rewritten(match):
        opening, target, fragment, closing = match.groups()
        place = site_path(repository_path(source, target))
        if files.get_file_from_path(place) is None:
            raise PluginError(f"{source} links to {target}, which is no page and no file of the repository")
        return opening + posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".") + (fragment or "") + closing

    # A forge wants | escaped in the code of a table, Python's Markdown shows the backslash.
    rows = re.compile(r"^\|.*$", re.M)
    markdown = rows.sub(lambda row: CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), markdown)
    return LINK.sub(rewritten, WHOLE_LINK.sub(without_folders, markdown))


def existing(entries):
    """Of a part of the nav what is there. A page that is not is no error: whatever links to it is one."""
    kept = []
    for entry in entries:
        name, target = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
        if isinstance(target, list):
            kept.append({name: existing(target)})
        elif (DOCS / target).is_file() or target in TOP_PAGES:
            kept.append(entry)
    return kept


def on_config(config):
    """The decisions, each with its number, behind their index."""
    for section in config["nav"]:
        if "Decisions" in section:
            section["Decisions"] += [f"adr/{path.name}" for path in sorted(DOCS.glob("adr/0*.md"))]
    config["nav"] = existing(config["nav"])
    return config


def on_nav(nav, config, files):
    placed = {page.file.src_uri for page in nav.pages}
    lost = [file.src_uri for file in files.documentation_pages() if file.src_uri not in placed]
    if lost:
        raise PluginError(f"not in the nav of tools/docs/mkdocs.yml: {', '.join(sorted(lost))}")
    return nav

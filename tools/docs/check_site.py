# SPDX-License-Identifier: Apache-2.0
"""check_site.py DIRECTORY: the built site is whole and needs nothing but itself.

Every link inside leads to a file and every #fragment to an element there; pages load no script, style, font or picture
from elsewhere; links that leave are well-formed (there is no network to try them); no Markdown was left unrendered.
"""
import html.parser
import pathlib
import re
import sys
import urllib.parse

# Attributes that make a browser fetch; a link (a href) waits for a click.
LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src"),
         ("object", "data"), ("audio", "src"), ("use", "href")}
NOT_FETCHED = {"canonical", "alternate", "next", "prev"}
CSS_URL = re.compile(r"""(?:url\(|@import\s+(?!url))\s*["']?([^"')\s]+)""")
# Text in which Markdown's own marks stand is Markdown that was not understood.
UNRENDERED = re.compile(r"^\s*(?:```|\| .* \|$|\* \S|#{2,} )|\]\([^)]+\)", re.M)


class Page(html.parser.HTMLParser):
    """What one page links to, loads, offers as anchors, and says outside of code."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.anchors, self.text = [], [], set(), []
        self.literal = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.anchors |= {named[key] for key in ("id", "name") if named.get(key)}
        if tag in ("pre", "code", "script", "style"):
            self.literal += 1
        if tag == "a" and named.get("href") is not None:
            self.links.append((self.getpos()[0], named["href"]))
        if tag == "link" and named.get("rel") in NOT_FETCHED:
            return
        self.loads += [(self.getpos()[0], value) for key, value in attrs if (tag, key) in LOADS and value]

    def handle_endtag(self, tag):
        if tag in ("pre", "code", "script", "style"):
            self.literal -= 1

    def handle_data(self, data):
        if not self.literal:
            self.text.append(data)


def main(site):
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    problems = []

    def check_inside(path, where, url):
        target = urllib.parse.unquote(url.path)
        file = path if not target else site / target[1:] if target.startswith("/") else (path.parent / target).resolve()
        if file.is_dir():
            file /= "index.html"
        if not file.is_file():
            problems.append(f"{where}: {url.geturl()} leads nowhere")
        elif url.fragment and file in pages and urllib.parse.unquote(url.fragment) not in pages[file].anchors:
            problems.append(f"{where}: {url.geturl()}: there is no such place on that page")

    for path, page in pages.items():
        name = path.relative_to(site)
        for line, target in page.links:
            url = urllib.parse.urlsplit(target)
            if url.scheme or url.netloc:
                if url.scheme not in ("http", "https", "mailto") or (url.scheme != "mailto" and "." not in url.netloc):
                    problems.append(f"{name}:{line}: {target} is no address that a reader can go to")
            else:
                check_inside(path, f"{name}:{line}", url)
        for line, target in page.loads:
            if re.match(r"(?:https?:)?//", target):
                problems.append(f"{name}:{line}: loads {target}")
        for match in UNRENDERED.finditer("".join(page.text)):
            problems.append(f"{name}: Markdown that was not understood: {match.group(0).strip()!r}")
    for path in site.rglob("*.css"):
        for target in CSS_URL.findall(path.read_text(encoding="utf-8")):
            if re.match(r"(?:https?:)?//", target):
                problems.append(f"{path.relative_to(site)}: loads {target}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))

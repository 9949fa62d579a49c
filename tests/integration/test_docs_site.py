# SPDX-License-Identifier: Apache-2.0
"""The documentation site: it is whole, needs nothing but itself, and its generated pages say what the programs say."""
import shutil
import subprocess
import sys

import pytest
from pair import TOP

CHECK = TOP / "tools/docs/check_site.py"
GENERATED = {
    "tools/docs/cli_page.py": "docs/reference/cli.md",
    "tools/docs/api_page.py": "docs/reference/api.md",
    "tools/docs/adr_page.py": "docs/adr/index.md",
    "tests/live/bypass/table.py": "docs/reference/bypasses.md",
    "tests/vm/coverage.py": "docs/reference/coverage.md",
}
needs_mkdocs = pytest.mark.skipif(not shutil.which("mkdocs"), reason="NO mkdocs HERE: sudo ./dev deps docs")


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("script,page", GENERATED.items())
def test_generated_pages_are_what_their_sources_say(build, script, page):
    done = run("/usr/bin/python3", "-B", TOP / script, build)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (TOP / page).read_text(encoding="utf-8"), "run ./dev doc"


@pytest.fixture(name="tree")
def tree_to_break(tmp_path):
    """The documents with all they link to, in a directory of their own."""
    for name in ("docs", "tools", "deploy", "bpf"):
        shutil.copytree(TOP / name, tmp_path / name)
    for path in [*TOP.glob("*.md"), TOP / "LICENSE"]:
        shutil.copy(path, tmp_path)
    return tmp_path


def build_site(tree):
    return run(sys.executable, "-B", "/usr/bin/mkdocs", "--quiet", "build", "--config-file", tree / "tools/docs/mkdocs.yml")


@needs_mkdocs
def test_the_site_is_whole_and_needs_nothing_but_itself(tree):
    done = build_site(tree)
    assert done.returncode == 0, done.stderr
    done = run(sys.executable, "-B", CHECK, tree / "build/site")
    assert done.returncode == 0, done.stdout
    assert (tree / "build/site/adr/0001-rules-run-unprivileged.html").exists()
    assert (tree / "build/site/source/deploy/policies/default.policy.txt").exists()


@needs_mkdocs
def test_links_out_of_docs_come_along(tree):
    with open(tree / "docs/rules.md", "a", encoding="utf-8") as file:
        file.write("\nSee [the rules](../deploy/prometheus/rules.yaml), [all](../deploy/prometheus) and "
                   "[how](../DEVELOPERS.md#check).\n")
    done = build_site(tree)
    assert done.returncode == 0, done.stderr
    page = (tree / "build/site/rules.html").read_text(encoding="utf-8")
    assert '<a href="source/deploy/prometheus/rules.yaml.txt">the rules</a>' in page
    assert "all (<code>deploy/prometheus/</code>)" in page
    assert '<a href="DEVELOPERS.html#check">how</a>' in page


@needs_mkdocs
@pytest.mark.parametrize("page,text,says", [
    ("docs/lost.md", "# Lost\n", "not in the nav"),
    ("docs/rules.md", "\n[x](gone.md)\n", "docs/rules.md links to gone.md"),
    ("docs/rules.md", "\n[x](../deploy/gone.yaml)\n", "docs/rules.md links to ../deploy/gone.yaml"),
])
def test_a_page_without_a_place_and_a_dead_link_are_errors(tree, page, text, says):
    with open(tree / page, "a", encoding="utf-8") as file:
        file.write(text)
    done = build_site(tree)
    assert done.returncode != 0 and says in done.stdout + done.stderr


@pytest.mark.parametrize("body,says", [
    ('<a href="#nowhere">x</a>', "there is no such place"),
    ('<a href="gone.html">x</a>', "leads nowhere"),
    ('<a href="http://nohost/">x</a>', "no address that a reader can go to"),
    ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js"),
    ('<link rel="stylesheet" href="//cdn.example/x.css">', "loads //cdn.example/x.css"),
    ("<p>\n* not a list</p>", "Markdown that was not understood"),
])
def test_what_is_wrong_in_a_site_is_named(tmp_path, body, says):
    (tmp_path / "index.html").write_text(f"<html><body>{body}</body></html>")
    done = run(sys.executable, "-B", CHECK, tmp_path)
    assert done.returncode == 1 and says in done.stdout and "index.html" in done.stdout


def test_a_style_that_loads_is_named(tmp_path):
    (tmp_path / "a.css").write_text("@import url(https://fonts.example/x.css);")
    done = run(sys.executable, "-B", CHECK, tmp_path)
    assert done.returncode == 1 and "a.css: loads https://fonts.example/x.css" in done.stdout

# SPDX-License-Identifier: Apache-2.0
"""cli_page.py BUILD: docs/reference/cli.md on standard output, from the manual pages that both programs make of their
own commands (`generate man`).
"""
import pathlib
import re
import subprocess
import sys

HEAD = """# Commands

<!-- Made by ./dev doc from `security-agent generate man` and `system-probe generate man`: do not edit. -->

The same as `man security-agent` and `man system-probe`. Every command has `--help`.
"""
# Sections of a manual page that are told elsewhere, or on every page.
LEFT_OUT = ("NAME", "SEE ALSO")


def inline(text):
    """roff's fonts and escapes as Markdown: bold is code, an argument's name stays as it is."""
    text = re.sub(r"\\fB(.*?)\\fR", r"`\1`", text)
    text = re.sub(r"\\fI(.*?)\\fR", r"*\1*", text)
    text = text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\").replace("\\(aq", "'")
    # What is no code must not become HTML or emphasis.
    parts = text.split("`")
    parts[::2] = [re.sub(r"(?<=\s)\*(?=\.)", r"\\*", part).replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts)


def markdown(program, roff):
    out, section, skip, tag = [f"## {program}", ""], "", False, False
    for line in roff.splitlines():
        macro, _, rest = line.partition(" ")
        if macro in (".SH", ".SS"):
            if macro == ".SH":
                section = rest.strip('"').replace("\\-", "-")
                skip = section in LEFT_OUT
            title = f"{program} {inline(rest)}" if macro == ".SS" else section.capitalize()
            if not skip and (macro == ".SS" or section not in ("DESCRIPTION", "COMMANDS", "SYNOPSIS")):
                out += ["", f"### {title}" if macro == ".SS" else f"**{title}**"]
            out.append("")
        elif skip or macro == ".TH":
            continue
        elif macro == ".PP":
            out.append("")
        elif macro == ".TP":
            tag = True
        elif tag:
            text = f"`{rest}`".replace("\\-", "-") if macro == ".B" else inline(line)
            out += [f"* {text}: "] if out[-1].startswith("* ") else ["", f"* {text}: "]
            tag = False
        elif out[-1].startswith("* ") and out[-1].endswith(": "):
            out[-1] += inline(line)
        else:
            out.append(inline(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).rstrip() + "\n"


def main(build):
    print(HEAD)
    pages = []
    for program in ("security-agent", "system-probe"):
        roff = subprocess.run([build / program / program, "generate", "man"], capture_output=True, text=True, check=True)
        pages.append(markdown(program, roff.stdout))
    print("\n".join(pages), end="")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

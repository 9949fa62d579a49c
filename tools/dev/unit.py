# SPDX-License-Identifier: Apache-2.0
"""Runs what meson knows as tests, two at a time, and counts the cases inside Catch2 programs.

    unit.py BUILD_DIR RESULT.xml
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

TIMEOUT = 600


def catch_cases(report):
    """[(name, passed)] of a Catch2 XML report."""
    return [(case.get("name"), case.find("OverallResult").get("success") == "true")
            for case in xml.parse(report).iter("TestCase")]


def run(test):
    """(name, [(case, passed)], seconds, output of a failure)"""
    started = time.monotonic()
    environment = dict(os.environ, **test.get("env", {}))
    is_catch = pathlib.Path(test["cmd"][0]).name.startswith("unit_")
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        arguments = ["--reporter", "xml", "--out", report.name] if is_catch else []
        try:
            done = subprocess.run(test["cmd"] + arguments, env=environment, cwd=test.get("workdir"), timeout=TIMEOUT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors="replace")
            output, passed = done.stdout, done.returncode == 0
        except subprocess.TimeoutExpired as error:
            output, passed = f"no end after {TIMEOUT} s\n{error.stdout or ''}", False
        cases = []
        if is_catch:
            try:
                cases = catch_cases(report.name)
            except (xml.ParseError, AttributeError):
                output += "\nthe program ended before its report was complete"
    if not cases or (not passed and all(success for _, success in cases)):
        cases.append((test["name"], passed))
    if not passed and is_catch:  # once more, for a person
        again = subprocess.run(test["cmd"], env=environment, cwd=test.get("workdir"), timeout=TIMEOUT,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace")
        output += again.stdout
    return test["name"], cases, time.monotonic() - started, "" if passed else output


def main():
    build_dir, result = sys.argv[1:3]
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build_dir]))
    suite = xml.Element("testsuite", name="unit")
    failed = not tests
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, cases, seconds, output in pool.map(run, tests):
            bad = [case for case, passed in cases if not passed]
            print(f"{'FAIL' if bad else 'ok  '} {name}: {len(cases) - len(bad)} of {len(cases)}, {seconds:.1f} s",
                  file=sys.stderr, flush=True)
            if output:
                print(output, file=sys.stderr, flush=True)
            for case, passed in cases:
                element = xml.SubElement(suite, "testcase", classname=name, name=case)
                if not passed:
                    xml.SubElement(element, "failure", message="see above")
            failed = failed or bool(bad)
    xml.ElementTree(suite).write(result)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Adds up JUnit XML files and prints the last line of a test run: "N passed, N failed", ", N skipped" when any was.

    summary.py FILE.xml...            exit code 1 when anything failed or nothing ran
    summary.py --one NAME pass|fail   writes the XML of one test to stdout
"""
import sys
import xml.etree.ElementTree as xml


def one(name, outcome):
    failed = outcome != "pass"
    suite = xml.Element("testsuite", name=name, tests="1", failures=str(int(failed)), errors="0", skipped="0")
    case = xml.SubElement(suite, "testcase", name=name, classname=name)
    if failed:
        xml.SubElement(case, "failure", message=f"{name} failed")
    return xml.tostring(suite, encoding="unicode")


def main():
    if sys.argv[1] == "--one":
        print(one(*sys.argv[2:4]))
        return 0
    passed = failed = skipped = 0
    names = []
    for path in sys.argv[1:]:
        for case in xml.parse(path).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                names.append(f"{case.get('classname')}: {case.get('name')}")
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    for name in names:
        print(f"failed: {name}", file=sys.stderr)
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

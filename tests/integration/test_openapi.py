# SPDX-License-Identifier: Apache-2.0
"""openapi.json says what the server does: every route it names answers so, and it names every route."""
import re
import shutil

import pytest
from harness import make_state_dir
from pair import TOP, Pair

# Of paths with a segment: one that is there.
SEGMENTS = {"setting": "log_level", "pid": "1"}
# What they do would end the test, or the answer never does.
NOT_CALLED = {("/agent/stop", "post"), ("/agent/events/stream", "get")}


@pytest.fixture(scope="module")
def pair():
    with Pair(make_state_dir(), replay=TOP / "tests/data/demo.rec") as pair:
        yield pair
    shutil.rmtree(pair.state_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def document(pair):
    return pair.client.get_json("/agent/openapi.json")


def path_of(template):
    return re.sub(r"\{(\w+)\}", lambda match: SEGMENTS[match.group(1)], template)


def operations(document):
    for template, methods in document["paths"].items():
        for method, operation in methods.items():
            yield template, method, operation


def required(operation):
    parameters = [one for one in operation.get("parameters", []) if one["in"] == "query" and one["required"]]
    return parameters or operation.get("requestBody", {}).get("required")


def test_it_is_openapi(document):
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] and document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for template, method, operation in operations(document):
        assert operation["summary"].endswith("."), (template, method)
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", template))


def test_every_route_answers_as_it_says(pair, document):
    for template, method, operation in operations(document):
        if (template, method) in NOT_CALLED or required(operation) or method == "post":
            continue
        status, headers, _ = pair.client.request("GET", path_of(template))
        assert str(status) in operation["responses"], (template, status)
        if status == 200:
            assert headers["Content-Type"] in operation["responses"]["200"]["content"], template


def test_what_is_required_is(pair, document):
    for template, method, operation in operations(document):
        if required(operation):
            status, _, _ = pair.client.request(method.upper(), path_of(template))
            assert status in (400, 409), (template, method)


def test_other_methods_are_refused_with_those_it_names(pair, document):
    for template, methods in document["paths"].items():
        status, headers, _ = pair.client.request("PUT", path_of(template))
        assert status == 405, template
        assert headers["Allow"].split(", ") == sorted(method.upper() for method in methods)


def test_no_route_is_left_out(document):
    """Those in the docs and in the code of the command line."""
    known = {re.sub(r"\{\w+\}", "", template) for template in document["paths"]}
    used = set()
    for source in (TOP / "security-agent/cli").glob("*.cpp"):
        used |= set(re.findall(r'"(/agent/[a-z/-]*)', source.read_text()))
    assert used and used <= known, used - known


def test_no_route_answers_without_the_token(pair, document):
    for template, method, _ in operations(document):
        status, _, _ = pair.client.request(method.upper(), path_of(template), token=False)
        assert status in (401, 429), (template, method)

# SPDX-License-Identifier: Apache-2.0
"""api_page.py BUILD: docs/reference/api.md on standard output, from what a running agent says of itself
(`GET /agent/openapi.json`); the agent runs for a second, on recorded records and free ports.
"""
import json
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
from pair import Pair  # noqa: E402

HEAD = """# REST API

<!-- Made by ./dev doc from /agent/openapi.json of a running agent: do not edit. -->

TLS on `cmd_host`:`security_agent.cmd_port` (127.0.0.1:5010), with the certificate in `ipc_cert.pem`, which clients pin.
Every route wants the token in `auth_token` as `Authorization: Bearer TOKEN`; both files are in `state_dir`, readable for
root and the agent's user only ([security model](../security.md)). `GET /agent/openapi.json` is this page for machines.

```sh
state=/var/lib/vedette
curl -sS --fail --cacert $state/ipc_cert.pem -H "Authorization: Bearer $(cat $state/auth_token)" \\
    https://127.0.0.1:5010/agent/version
```

The answer to a request that fails is `{"error": "what is wrong"}`: 400 malformed, or an unknown name or value; 401
without a token; 403 with a wrong one; 404 for no such route or thing; 405 for another method; 429 after too many wrong
tokens; 500 when it could not be done. Forms are `application/x-www-form-urlencoded`.
"""


def rows(parameters):
    return ["", "| parameter | where | meaning |", "|---|---|---|"] + [
        f"| `{name}`{'' if needed else ' (optional)'} | {where} | {help_text} |"
        for name, where, needed, help_text in parameters]


def operation(path, method, one):
    out = ["", f"## {method.upper()} {path}", "", one["summary"]]
    content = next(iter(one["responses"]["200"].get("content", {})), "")
    if content and content != "application/json":
        out[-1] += f" Answers `{content}`."
    parameters = [(each["name"], each["in"], each["required"], each["description"]) for each in one.get("parameters", [])]
    form = one.get("requestBody", {}).get("content", {})
    for body in form.values():
        schema = body["schema"]
        parameters += [(name, "form", name in schema.get("required", []), each["description"])
                       for name, each in schema["properties"].items()]
    return out + (rows(parameters) if parameters else [])


def main(build):
    with tempfile.TemporaryDirectory(prefix="vedette-doc.", dir="/tmp") as directory:
        pathlib.Path(directory).chmod(0o755)
        with Pair(directory, build_dir=build, replay=TOP / "tests/data/demo.rec") as pair:
            document = json.loads(json.dumps(pair.client.get_json("/agent/openapi.json")))
    lines = [HEAD.rstrip()]
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            lines += operation(path, method, one)
    print("\n".join(lines))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

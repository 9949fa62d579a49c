# SPDX-License-Identifier: Apache-2.0
"""The running part of `./dev run`; its options are described in run.sh."""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import demo  # noqa: E402
from pair import Pair, PairError, free_port  # noqa: E402


class Stopped(Exception):
    """A signal asked us to stop."""


def on_signal(number, _frame):
    # A second Ctrl-C must not cut the clean-up short.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev run", add_help=False, allow_abbrev=False)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--state-dir", type=pathlib.Path)
    parser.add_argument("--policies-dir", type=pathlib.Path)
    parser.add_argument("--replay", type=pathlib.Path)
    parser.add_argument("--ports")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--build", type=pathlib.Path)
    arguments = parser.parse_args()
    for name, path in (("--replay", arguments.replay), ("--policies-dir", arguments.policies_dir)):
        if path is not None and not path.exists():
            parser.error(f"{name}: {path} does not exist")
    if arguments.demo and arguments.replay:
        parser.error("--demo acts on the real kernel and cannot be combined with --replay")
    for setting in arguments.set:
        if "=" not in setting:
            parser.error(f"--set takes KEY=VALUE, not '{setting}'")
    if arguments.ports is None:
        ports = (free_port(5010), free_port(5011))
    else:
        try:
            ports = tuple(int(word) for word in arguments.ports.split(","))
        except ValueError:
            ports = ()
        if len(ports) != 2 or not all(0 < port < 65536 for port in ports):
            parser.error("--ports takes two port numbers: API,EXPVAR")
    return arguments, ports


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(arguments, ports, state_dir):
    settings = dict(setting.split("=", 1) for setting in arguments.set)
    pair = Pair(state_dir, policies_dir=arguments.policies_dir, build_dir=arguments.build, replay=arguments.replay,
                settings=settings, ports=ports, agent_stdout=subprocess.PIPE)
    printer = None
    try:
        pair.prepare()
        pair.start_probe()
        pair.start_agent()
        # Only now does anybody read the agent's alerts: the colours come from the agent's own formatter.
        command = ["cat"] if arguments.json else [
            str(pair.binary("security-agent")), "format"]
        printer = subprocess.Popen(command, stdin=pair.agent.stdout, start_new_session=True)
        pair.agent.stdout.close()
        pair.wait_ready()
        print(ready_line(pair), flush=True)
        if arguments.demo:
            demo.perform(say)
        while True:
            pair.check_alive()
            time.sleep(0.2)
    finally:
        pair.stop()
        if printer is not None:
            printer.wait(10)


def ready_line(pair):
    status = pair.status()
    watching = pair.replay or "this kernel"
    hooks = status.get("probe", {}).get("hooks", [])
    attached = sum(bool(hook.get("backend")) for hook in hooks)
    return (f"ready: watching {watching}" + (f" ({attached} of {len(hooks)} kinds of events)" if attached else "") +
            f", rules from {pair.policies_dir}, state in {pair.state_dir}, API on 127.0.0.1:{pair.ports[0]}, "
            f"metrics on 127.0.0.1:{pair.ports[1]}; Ctrl-C stops")


def main():
    arguments, ports = parse_arguments()
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    temporary = None
    try:
        if arguments.state_dir is None:
            temporary = tempfile.mkdtemp(prefix="vedette-run.")
            os.chmod(temporary, 0o755)
        run(arguments, ports, arguments.state_dir or temporary)
    except Stopped as stop:
        say(f"stopped ({stop})")
        return 0
    except PairError as error:
        say(f"dev run: {error}")
        return 1
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

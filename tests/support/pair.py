# SPDX-License-Identifier: Apache-2.0
"""The pair as a Python object: start both daemons in a private directory, ask them things, stop them in order.

`./dev run` and every test of the running pair use this one class. Only the standard library is needed.

A state directory holds run/ (sockets), logs/, auth_token, ipc_cert.pem and alerts.json. As root, the directory and
what the probe writes belong to root; the agent runs as `nobody` and can add files beside, but not move root's away
(sticky bit).
"""
import contextlib
import grp
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
AGENT_USER = "nobody"


class PairError(Exception):
    """Something of the pair did not do what was asked; the message is for a person."""


def free_port(preferred=0):
    """`preferred` if nobody listens on it, else any free port of 127.0.0.1."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise PairError("no free port on 127.0.0.1")


def wait_for(condition, timeout, what, interval=0.02):
    """Returns what `condition` returned once that is true; PairError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise PairError(f"{what}: not within {timeout:g} s")
        time.sleep(interval)


class RestClient:
    """The agent's API over TLS: pins the certificate file, sends the token of the token file."""

    def __init__(self, state_dir, port, token=None):
        self.state_dir = pathlib.Path(state_dir)
        self.port = port
        self.token = token

    def request(self, method, path, body=None, headers=None, token=True):
        """(status, headers, body as text). `token` False sends no Authorization header."""
        context = ssl.create_default_context(cafile=str(self.state_dir / "ipc_cert.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        sent = dict(headers or {})
        if token:
            secret = self.token or (self.state_dir / "auth_token").read_text().strip()
            sent.setdefault("Authorization", f"Bearer {secret}")
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def get_json(self, path):
        status, _, body = self.request("GET", path)
        if status != 200:
            raise PairError(f"GET {path}: {status} {body.strip()}")
        return json.loads(body)


class Pair:
    """system-probe and security-agent in `state_dir`. Nothing runs until start()."""

    def __init__(self, state_dir, policies_dir=None, build_dir=None, replay=None, settings=None,
                 probe_settings=None, agent_settings=None, ports=None, agent_stdout=None):
        self.state_dir = pathlib.Path(state_dir).absolute()
        self.policies_dir = pathlib.Path(policies_dir or TOP / "deploy/policies").absolute()
        build_dir = build_dir or os.environ.get("VEDETTE_BUILD") or TOP / "build"
        self.build_dir = pathlib.Path(build_dir).absolute()
        self.replay = replay
        self.settings = dict(settings or {})
        self.probe_settings = dict(probe_settings or {})
        self.agent_settings = dict(agent_settings or {})
        self.ports = ports or (free_port(), free_port())
        self.agent_stdout = agent_stdout
        self.probe = None
        self.agent = None
        self._alerts = []
        self._alerts_read = 0
        self.is_root = os.geteuid() == 0
        self.client = RestClient(self.state_dir, self.ports[0])

    # -- set-up ---------------------------------------------------------------

    def prepare(self):
        """Makes the state directory and its parts; copies what `nobody` could not reach."""
        for name in ("system-probe", "security-agent"):
            if not (self.build_dir / name / name).exists():
                raise PairError(f"{self.build_dir / name / name} is missing: run ./dev build")
        self.state_dir.mkdir(parents=True, exist_ok=True)
        (self.state_dir / "run").mkdir(mode=0o755, exist_ok=True)
        (self.state_dir / "logs").mkdir(mode=0o755, exist_ok=True)
        agent_log = self.log_path("security-agent")
        agent_log.touch(mode=0o640)
        self.log_path("system-probe").touch(mode=0o640)
        if self.is_root:
            user = pwd.getpwnam(AGENT_USER)
            os.chown(self.state_dir, 0, user.pw_gid)
            os.chmod(self.state_dir, 0o1775)
            os.chown(agent_log, user.pw_uid, user.pw_gid)
            if not self._nobody_can(["test", "-x", str(self.state_dir)]):
                raise PairError(f"user {AGENT_USER} cannot reach {self.state_dir}: choose a state directory whose "
                                "parents are open to everybody (mode o+x)")
            for name in ("system-probe", "security-agent"):
                binary = self.build_dir / name / name
                if not self._nobody_can(["test", "-x", str(binary)]):
                    (self.state_dir / "bin").mkdir(exist_ok=True)
                    shutil.copy2(binary, self.state_dir / "bin" / name)
                    os.chmod(self.state_dir / "bin" / name, 0o755)
            if not self._nobody_can(["sh", "-c", 'test -r "$1" && test -x "$1" && for f in "$1"/*.policy; do '
                                     'test ! -e "$f" || test -r "$f" || exit 1; done', "sh", str(self.policies_dir)]):
                copy = self.state_dir / "policies"
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(self.policies_dir, copy)
                subprocess.run(["chmod", "-R", "u+rwX,go+rX", str(copy)], check=True)
                self.policies_dir = copy

    def _nobody_can(self, command):
        return subprocess.run(self._as_agent() + command, stderr=subprocess.DEVNULL).returncode == 0

    def _as_agent(self):
        """In front of a command: what makes it unprivileged, and ends it with us."""
        if not self.is_root:
            return ["setpriv", "--pdeathsig", "TERM"]
        return ["setpriv", "--reuid", AGENT_USER, "--regid", grp.getgrgid(pwd.getpwnam(AGENT_USER).pw_gid).gr_name,
                "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--pdeathsig", "TERM"]

    def binary(self, name):
        copy = self.state_dir / "bin" / name
        return copy if copy.exists() else self.build_dir / name / name

    def log_path(self, name):
        return self.state_dir / "logs" / f"{name}.log"

    @property
    def alerts_path(self):
        return self.state_dir / "alerts.json"

    def common_settings(self):
        return {
            "run_dir": self.state_dir / "run",
            "state_dir": self.state_dir,
            "log_to_console": "false",
            **self.settings,
        }

    def agent_arguments(self):
        """`--set key=value ...` for any command of security-agent that concerns this pair."""
        return self._set({
            "security_agent.cmd_port": self.ports[0],
            "security_agent.expvar_port": self.ports[1],
            "runtime_security_config.policies.dir": self.policies_dir,
            "outputs.stdout": "true" if self.agent_stdout is not None else "false",
            "outputs.file.path": self.alerts_path,
            "log_file": self.log_path("security-agent"),
            **self.common_settings(), **self.agent_settings})

    def probe_arguments(self):
        own_user = pwd.getpwuid(os.geteuid()).pw_name if not self.is_root else AGENT_USER
        values = {"system_probe_config.agent_user": own_user, "log_file": self.log_path("system-probe"),
                  **self.common_settings(), **self.probe_settings}
        if self.replay:
            values["system_probe_config.replay"] = pathlib.Path(self.replay).absolute()
        return self._set(values)

    @staticmethod
    def _set(values):
        return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]

    # -- life -----------------------------------------------------------------

    def start(self, timeout=60):
        """Prepares, starts both, waits until the agent has the probe and its hooks."""
        self.prepare()
        self.start_probe()
        self.start_agent()
        self.wait_ready(timeout)
        return self

    def start_probe(self):
        command = ["setpriv", "--pdeathsig", "TERM", str(self.binary("system-probe")), "start"]
        self.probe = self._spawn("system-probe", command + self.probe_arguments(), subprocess.DEVNULL)

    def start_agent(self):
        command = self._as_agent() + [str(self.binary("security-agent")), "start"]
        stdout = self.agent_stdout if self.agent_stdout is not None else subprocess.DEVNULL
        self.agent = self._spawn("security-agent", command + self.agent_arguments(), stdout)

    def _spawn(self, name, command, stdout):
        # stderr goes where the log goes: what is said before the log is open, and sanitizer reports, must not be lost.
        # A session of its own: Ctrl-C in the terminal reaches us, and we stop the two in order.
        with open(self.log_path(name), "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=log, cwd="/",
                                    start_new_session=True)

    def wait_ready(self, timeout=60):
        def ready():
            self.check_alive()
            return self.is_ready()
        try:
            wait_for(ready, timeout, "the pair is not ready")
        except PairError as error:
            raise PairError(f"{error}\n{self.log_tails()}") from None

    def check_alive(self):
        for name, process in (("system-probe", self.probe), ("security-agent", self.agent)):
            if process is not None and process.poll() is not None:
                raise PairError(f"{name} ended with {describe_exit(process.returncode)}\n{self.log_tails(name)}")

    def is_ready(self):
        """The agent is connected to the probe, which collects what the agent's policies need."""
        try:
            status = self.status()
        except (OSError, PairError, ValueError, http.client.HTTPException):
            return False
        return status.get("runtimeSecurityStatus", {}).get("watching", False) and (
            bool(self.replay) or bool(status.get("probe", {}).get("hooks")))

    def status(self):
        return self.client.get_json("/agent/status?format=json")

    def health(self):
        return self.client.get_json("/agent/status/health")

    def expvar(self, path):
        """(status, text) of the plain HTTP server for monitoring."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[1], timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metrics(self):
        """Prometheus text as {"name{labels}": value}."""
        _, text = self.expvar("/telemetry")
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def command(self, *words, timeout=60):
        """Runs `security-agent WORDS...` against this pair, as root or whoever we are."""
        return subprocess.run([str(self.binary("security-agent")), *words, *self.agent_arguments()],
                              capture_output=True, text=True, timeout=timeout)

    def stop_agent(self, how=signal.SIGTERM, timeout=20):
        code, self.agent = self._stop(self.agent, how, timeout), None
        return code

    def stop_probe(self, how=signal.SIGTERM, timeout=20):
        code, self.probe = self._stop(self.probe, how, timeout), None
        return code

    @staticmethod
    def _stop(process, how, timeout):
        """Exit code; None when nothing ran; PairError after it had to be killed."""
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise PairError(f"{process.args[-1]}: still there {timeout} s after {how.name}, killed") from None

    def stop(self):
        """The agent first: it says goodbye to a probe that still listens. Returns both exit codes."""
        try:
            agent = self.stop_agent()
        finally:
            probe = self.stop_probe()
        self.check_sanitizers()
        return agent, probe

    def check_sanitizers(self):
        """A sanitizer's report is a failure even where the program went on after it."""
        for name in ("system-probe", "security-agent"):
            with contextlib.suppress(FileNotFoundError):
                text = self.log_path(name).read_text(errors="replace")
                report = re.search(r"runtime error: .*|.*(?:Address|Leak|Thread)Sanitizer.*", text)
                if report:
                    raise PairError(f"{name}: {report.group(0)}\n{text[report.start():][:8000]}")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- what came out --------------------------------------------------------

    def alerts(self):
        """All alerts of rules so far (what the agent says of itself has no policy). Each line is read once; one that is
        still being written is left for the next call."""
        with contextlib.suppress(FileNotFoundError), open(self.alerts_path, "rb") as file:
            file.seek(self._alerts_read)
            data = file.read()
            end = data.rfind(b"\n") + 1
            self._alerts_read += end
            said = (json.loads(line) for line in data[:end].splitlines())
            self._alerts += [alert for alert in said if "policy_name" in alert.get("agent", {})]
        return list(self._alerts)

    def wait_alert(self, match, timeout=15):
        """The first alert for which match(alert) is true."""
        def find():
            return next((alert for alert in self.alerts() if match(alert)), None)
        try:
            return wait_for(find, timeout, "no such alert")
        except PairError as error:
            seen = [(rule_of(alert), alert.get("process", {}).get("executable", {}).get("path"))
                    for alert in self.alerts()][-20:]
            raise PairError(f"{error}; seen: {seen}\n{self.log_tails()}") from None

    def log_tails(self, *names, lines=15):
        parts = []
        for name in names or ("system-probe", "security-agent"):
            with contextlib.suppress(OSError):
                text = self.log_path(name).read_text(errors="replace").splitlines()[-lines:]
                parts.append("\n".join([f"--- {name}.log"] + text))
        return "\n".join(parts)


def rule_of(alert):
    return alert.get("agent", {}).get("rule_id")


def describe_exit(code):
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"

# SPDX-License-Identifier: Apache-2.0
"""Daemons of different versions understand each other: today's build and what each release has said, both ways."""
import concurrent.futures
import json
import os
import pwd
import subprocess
import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2
from pair import AGENT_USER, TOP, Pair, wait_for
from wire import RELEASES, WIRE, descriptors_of, descriptors_of_today, messages

SUBSCRIBE = "/vedette.v1.EventStream/Subscribe"
# A field that no version has, as bytes: number 1000, a length and content.
UNKNOWN = bytes([0xC2, 0x3E, 3]) + b"new"


@pytest.fixture(scope="module")
def today():
    return descriptors_of_today()


def by_name(descriptors):
    """{full name: descriptor} of messages, enumerations and services, those inside messages, too."""
    found = {}

    def add(prefix, things):
        for thing in things:
            name = f"{prefix}.{thing.name}"
            found[name] = thing
            if isinstance(thing, descriptor_pb2.DescriptorProto):
                add(name, thing.nested_type)
                add(name, thing.enum_type)

    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        if file.package == "vedette.v1":
            add(file.package, [*file.message_type, *file.enum_type, *file.service])
    return found


def is_reserved(thing, number):
    # The end of a message's range is not part of it, that of an enumeration's is.
    more = 1 if isinstance(thing, descriptor_pb2.EnumDescriptorProto) else 0
    return any(span.start <= number < span.end + more for span in thing.reserved_range)


def differences(old, new):
    """What of `old` means something else in `new`, or nothing without being reserved."""
    for name, thing in old.items():
        if name not in new:
            yield f"{name} is gone"
        elif isinstance(thing, descriptor_pb2.ServiceDescriptorProto):
            methods = {method.name: method for method in new[name].method}
            yield from (f"{name}.{method.name} is another" for method in thing.method
                        if methods.get(method.name) != method)
        elif isinstance(thing, descriptor_pb2.EnumDescriptorProto):
            values = {value.number: value.name for value in new[name].value}
            yield from (f"{name}: {value.name} = {value.number} is {values.get(value.number, 'not reserved')}"
                        for value in thing.value
                        if values.get(value.number) != value.name and not is_reserved(new[name], value.number))
        else:
            fields = {field.number: field for field in new[name].field}
            for field in thing.field:
                now = fields.get(field.number)
                if now is None:
                    if not is_reserved(new[name], field.number):
                        yield f"{name}.{field.name} = {field.number} is gone and its number is not reserved"
                elif (now.name, now.type, now.label, now.type_name) != (field.name, field.type, field.label,
                                                                         field.type_name):
                    yield f"{name}.{field.name} = {field.number} is now {now.name}: {now.type_name or now.type}"


@pytest.mark.parametrize("release", RELEASES)
def test_no_number_changes_its_meaning(release, today):
    assert list(differences(by_name(descriptors_of(release)), by_name(today))) == []


def test_a_changed_meaning_would_be_found(today):
    old, new = by_name(today), by_name(today)
    new["vedette.v1.Hello"].field[0].type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    del new["vedette.v1.Batch"].field[2]
    new["vedette.v1.Loss.Reason"].value[1].name = "REASON_OTHER"
    new["vedette.v1.EventStream"].method[0].server_streaming = False
    del new["vedette.v1.ProbeConfig"]
    assert len(list(differences(old, new))) == 5


def missing(stored, now, where=""):
    """What `stored` has and `now` has not, or has otherwise."""
    if isinstance(stored, dict) and isinstance(now, dict):
        for key, value in stored.items():
            yield from missing(value, now.get(key), f"{where}.{key}")
    elif stored != now:
        yield f"{where}: {stored} is now {now}"


@pytest.mark.parametrize("release", RELEASES)
def test_events_of_a_release_raise_the_same_alerts(release, build):
    done = subprocess.run([str(build / "security-agent/security-agent"), "runtime", "replay", "--unlimited", "--file",
                           str(WIRE / release / "rules.policy"), str(WIRE / release / "events.stream")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    now = [json.loads(line) for line in done.stdout.splitlines() if '"rule_id":"wire_' in line]
    stored = [json.loads(line) for line in (WIRE / release / "alerts.json").read_text().splitlines()]
    assert [alert["agent"]["rule_id"] for alert in now] == [alert["agent"]["rule_id"] for alert in stored]
    assert [list(missing(*pair)) for pair in zip(stored, now)] == [[] for _ in stored]


@pytest.mark.parametrize("release", RELEASES)
def test_an_agent_of_another_version_is_served(release, state_dir):
    """It speaks as the release did, and says things that today's probe has never heard of."""
    kinds = messages(descriptors_of(release))
    pair = Pair(state_dir, replay=TOP / "tests/data/demo.rec")
    pair.prepare()
    pair.start_probe()
    try:
        wait_for(lambda: (state_dir / "run/cmd.sock").exists(), 30, "no socket")
        with grpc.insecure_channel(f"unix:{state_dir}/run/events.sock") as channel:
            hello = kinds["SubscribeRequest"]()
            hello.hello.agent_version = "99.0.0"
            ack = kinds["SubscribeRequest"]()
            ack.ack.sequence = 1
            requests = [hello.SerializeToString() + UNKNOWN, UNKNOWN, ack.SerializeToString() + UNKNOWN]
            call = channel.stream_stream(SUBSCRIBE)(iter_then_wait(requests), timeout=30)
            answers = (kinds["SubscribeResponse"].FromString(answer) for answer in call)
            assert next(answers).welcome.probe_version
            seen = 0
            for answer in answers:
                seen += len(answer.batch.events)
                if seen > 10:
                    break
            call.cancel()
        with grpc.insecure_channel(f"unix:{state_dir}/run/cmd.sock") as channel:
            answer = channel.unary_unary("/vedette.v1.Command/GetStatus")(UNKNOWN, timeout=10)
            assert kinds["ProbeStatus"].FromString(answer).version
    finally:
        pair.stop()


def iter_then_wait(requests):
    """These, and then the caller's side stays open."""
    yield from requests
    threading.Event().wait(20)


class OtherProbe:
    """A probe of another version: the stored stream with things in it that today's agent has never heard of."""

    def __init__(self, release, run_dir):
        kinds = messages(descriptors_of(release))
        frames = stream_frames((WIRE / release / "events.stream").read_bytes())
        welcome = kinds["SubscribeResponse"].FromString(frames[0])
        welcome.welcome.probe_version = "99.0.0"
        welcome.welcome.reset_mirror = True
        welcome.welcome.missed = 0
        batch = kinds["SubscribeResponse"].FromString(frames[1])
        batch.batch.lost.add(event_type=900, reason=90, count=3)
        strange = kinds["SubscribeResponse"]()
        strange.batch.first_sequence = batch.batch.first_sequence
        batch.batch.first_sequence += 1
        event = strange.batch.events.add()
        event.MergeFromString(UNKNOWN)
        event.process_key = 8
        self.answers = [welcome.SerializeToString() + UNKNOWN, UNKNOWN, strange.SerializeToString(),
                        batch.SerializeToString() + UNKNOWN]
        self.status = (WIRE / release / "status.binpb").read_bytes() + UNKNOWN
        self.hellos = []
        self.kinds = kinds
        self.servers = [self.serve(run_dir / "events.sock", "EventStream", "Subscribe",
                                   grpc.stream_stream_rpc_method_handler(self.subscribe)),
                        self.serve(run_dir / "cmd.sock", "Command", "GetStatus",
                                   grpc.unary_unary_rpc_method_handler(lambda _, context: self.status))]

    @staticmethod
    def serve(path, service, method, handler):
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(f"vedette.v1.{service}", {method: handler})])
        server.add_insecure_port(f"unix:{path}")
        server.start()
        if os.geteuid() == 0:
            os.chown(path, 0, pwd.getpwnam(AGENT_USER).pw_gid)
        path.chmod(0o660)
        return server

    def subscribe(self, requests, context):
        self.hellos.append(self.kinds["SubscribeRequest"].FromString(next(requests)))
        yield from self.answers
        for _ in requests:
            pass

    def stop(self):
        for server in self.servers:
            server.stop(None)


def stream_frames(data):
    """Payloads of a stream file, without its header."""
    at, frames = 12, []
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "little")
        frames.append(data[at + 8:at + 8 + size])
        at += 8 + size
    return frames[1:]


@pytest.mark.parametrize("release", RELEASES)
def test_a_probe_of_another_version_is_understood(release, state_dir, policies):
    rules = policies((WIRE / release / "rules.policy").read_text())
    pair = Pair(state_dir, policies_dir=rules)
    pair.prepare()
    probe = OtherProbe(release, state_dir / "run")
    try:
        pair.start_agent()
        wait_for(lambda: any("wire_exec" in json.dumps(alert) for alert in pair.alerts()), 30, "no alert")
        assert probe.hellos[0].hello.agent_version
        assert pair.status()["probe"]["version"] == release, "the probe's status was not read"
        assert len(probe.hellos) == 1, "the agent gave up the stream"
        assert pair.agent.poll() is None
    finally:
        pair.stop()
        probe.stop()

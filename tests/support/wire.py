# SPDX-License-Identifier: Apache-2.0
"""The protocol between the two daemons, as messages of a stored or of today's descriptor set; files of its messages."""
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from pair import TOP

WIRE = TOP / "tests/data/wire"
RELEASES = sorted(path.name for path in WIRE.iterdir() if path.is_dir())
PROTOS = ["event_stream", "command", "event_monitoring"]
NOBODY = {"os": "linux", "arch": "x86_64", "origin": "ebpf", "kernel_version": "6.1.0",
          "distribution": "Debian GNU/Linux 12 (bookworm)", "hostname": "recorded", "started_ns": 0}


def descriptors_of_today():
    """The FileDescriptorSet of proto/, with all that it imports and without comments."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", f"--proto_path={TOP / 'proto'}", "--include_imports",
                        f"--descriptor_set_out={out.name}",
                        *(str(TOP / "proto/vedette/v1" / f"{name}.proto") for name in PROTOS)], check=True)
        return pathlib.Path(out.name).read_bytes()


def descriptors_of(release):
    return (WIRE / release / "descriptors.binpb").read_bytes()


def messages(descriptors):
    """{name without package: message class} of a descriptor set."""
    pool = descriptor_pool.DescriptorPool()
    names = []
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        pool.Add(file)
        if file.package == "vedette.v1":
            names += [message.name for message in file.message_type]
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"vedette.v1.{name}")) for name in names}


def frame(payload):
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


def stream_file(version, parts):
    """What `security-agent runtime replay` reads: a header of nobody's host and the messages."""
    header = json.dumps({"version": version, **NOBODY}, separators=(",", ":")).encode()
    return b"VDTSTRM\n" + struct.pack("<I", 1) + b"".join(map(frame, [header, *parts]))

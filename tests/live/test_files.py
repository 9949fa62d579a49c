# SPDX-License-Identifier: Apache-2.0
"""File and mount events: one real call, and an alert of a rule that asks for the fields of exactly that event.

A rule per case is loaded before anything happens. Each has its own directory, so that no other case can match it."""
import os
import pathlib
import pwd
import shutil

import pytest
from acts import acts
from alerts import by
from conftest import finish, start
from harness import make_state_dir

NOBODY = pwd.getpwnam("nobody").pw_uid
PLACE = pathlib.Path("/tmp") / f"vedette-files.{os.getpid()}"
AT_FDCWD, AT_REMOVEDIR, AT_EMPTY_PATH = -100, 0x200, 0x1000

CASES = {}


def case(name, expression, *words, ret=0):
    """`{d}` in rule and words is the case's own directory: it has a file, an empty directory, and a link to the file."""
    CASES[name] = (expression, words, ret)


def call_cases(name, expression, variants):
    for label, words in variants.items():
        case(f"{name}_{label}".lower(), expression, *words)


def failed(name, expression, *words):
    case(f"{name}_failed", expression, *words, ret=-1)


call_cases("chmod", 'chmod.file.path == "{d}/file" && chmod.retval == 0 && chmod.file.destination.mode & S_ISUID > 0 '
           '&& chmod.file.destination.rights == 04711', {
    "plain": ("call", "chmod", ":{d}/file", "04711"),
    "dots": ("call", "chmod", ":{d}/dir/.././file", "04711"),
    "fd": ("call", "fchmod", "@{d}/file", "04711"),
    "at": ("call", "fchmodat", "@{d}", ":file", "04711"),
    "cwd": ("in-turn", "call", "chdir", ":{d}", "--", "call", "fchmodat", AT_FDCWD, ":file", "04711"),
    "empty": ("call", "fchmodat2", "@{d}/file", ":", "04711", AT_EMPTY_PATH),
    "32": ("call32", "chmod", ":{d}/file", "04711"),
    "fd32": ("call32", "fchmod", "@{d}/file", "04711")})
case("chmod_object", 'chmod.file.path == "{d}/file" && chmod.file.inode > 0 && chmod.file.filesystem != "" && '
     'chmod.file.user == "root" && chmod.syscall.mode == 0600', "call", "fchmod", "@{d}/file", "0600")
case("chmod_argument", 'chmod.syscall.path == "{d}/dir/../file" && chmod.syscall.mode == 0600 && '
     'chmod.file.path == "{d}/file"', "call", "chmod", ":{d}/dir/../file", "0600")
failed("chmod", 'chmod.file.path == "{d}/none" && chmod.retval == ENOENT', "call", "chmod", ":{d}/none", "0600")
failed("chmod_refused", 'chmod.file.path == "{d}/file" && chmod.retval == EPERM && process.euid == %d' % NOBODY,
       "as-uid", NOBODY, "call", "chmod", ":{d}/file", "04777")

call_cases("chown", 'chown.file.path == "{d}/file" && chown.retval == 0 && chown.file.destination.uid == %d && '
           'chown.file.destination.user == "nobody" && chown.file.destination.gid == -1' % NOBODY, {
    "plain": ("call", "chown", ":{d}/file", NOBODY, -1),
    "l": ("call", "lchown", ":{d}/file", NOBODY, -1),
    "fd": ("call", "fchown", "@{d}/file", NOBODY, -1),
    "at": ("call", "fchownat", "@{d}", ":file", NOBODY, -1, 0),
    "empty": ("call", "fchownat", "@{d}/file", ":", NOBODY, -1, AT_EMPTY_PATH),
    "32": ("call32", "chown", ":{d}/file", NOBODY, -1),
    "16": ("call32", "chown16", ":{d}/file", NOBODY, 0xffff)})
failed("chown", 'chown.file.path == "{d}/none" && chown.retval == ENOENT && chown.syscall.uid == 0',
       "call", "chown", ":{d}/none", 0, 0)

call_cases("mkdir", 'mkdir.file.path == "{d}/new" && mkdir.retval == 0 && mkdir.file.destination.mode == 01777', {
    "plain": ("call", "mkdir", ":{d}/new", "01777"), "at": ("call", "mkdirat", "@{d}", ":new", "01777"),
    "32": ("call32", "mkdir", ":{d}/new", "01777")})
failed("mkdir", 'mkdir.file.path == "{d}/dir" && mkdir.retval == EEXIST', "call", "mkdir", ":{d}/dir", "0755")

call_cases("rmdir", 'rmdir.file.path == "{d}/dir" && rmdir.retval == 0', {
    "plain": ("call", "rmdir", ":{d}/dir"), "at": ("call", "unlinkat", "@{d}", ":dir", AT_REMOVEDIR),
    "32": ("call32", "rmdir", ":{d}/dir")})
failed("rmdir", 'rmdir.file.path == "{d}/file" && rmdir.retval == ENOTDIR', "call", "rmdir", ":{d}/file")

call_cases("unlink", 'unlink.file.path == "{d}/file" && unlink.retval == 0 && unlink.flags == 0', {
    "plain": ("call", "unlink", ":{d}/file"), "at": ("call", "unlinkat", "@{d}", ":file", 0),
    "32": ("call32", "unlinkat", "@{d}", ":file", 0)})
failed("unlink", 'unlink.file.path == "{d}/dir" && unlink.retval == EISDIR', "call", "unlink", ":{d}/dir")

call_cases("rename", 'rename.file.path == "{d}/file" && rename.file.destination.path == "{d}/dir/to" && '
           'rename.retval == 0', {
    "plain": ("call", "rename", ":{d}/file", ":{d}/dir/to"),
    "at": ("call", "renameat", "@{d}", ":file", "@{d}/dir", ":to"),
    "at2": ("call", "renameat2", "@{d}", ":file", "@{d}/dir", ":to", 0),
    "32": ("call32", "rename", ":{d}/file", ":{d}/dir/to")})
failed("rename", 'rename.file.path == "{d}/none" && rename.retval == ENOENT && '
       'rename.syscall.destination.path == "{d}/to"', "call", "rename", ":{d}/none", ":{d}/to")

call_cases("link", 'link.file.path == "{d}/file" && link.file.destination.path == "{d}/dir/to" && link.retval == 0', {
    "plain": ("call", "link", ":{d}/file", ":{d}/dir/to"),
    "at": ("call", "linkat", "@{d}", ":file", "@{d}/dir", ":to", 0),
    "empty": ("call", "linkat", "@{d}/file", ":", "@{d}/dir", ":to", AT_EMPTY_PATH),
    "32": ("call32", "link", ":{d}/file", ":{d}/dir/to")})
failed("link", 'link.file.path == "{d}/file" && link.file.destination.path == "{d}/link" && link.retval == EEXIST',
       "call", "link", ":{d}/file", ":{d}/link")

call_cases("utimes", 'utimes.file.path == "{d}/file" && utimes.retval == 0', {
    "utime": ("call", "utime", ":{d}/file", "=1,2"), "now": ("call", "utime", ":{d}/file", 0),
    "utimes": ("call", "utimes", ":{d}/file", "=1,0,2,0"), "at": ("call", "futimesat", "@{d}", ":file", "=1,0,2,0"),
    "utimensat": ("call", "utimensat", "@{d}", ":file", "=1,0,2,0", 0),
    "fd": ("call", "utimensat", "@{d}/file", 0, "=1,0,2,0", 0),
    "32": ("call32", "utimensat", "@{d}", ":file", "~1,0,2,0", 0),
    "64in32": ("call32", "utimensat_time64", "@{d}", ":file", "=1,0,2,0", 0)})
failed("utimes", 'utimes.file.path == "{d}/none" && utimes.retval == ENOENT', "call", "utimes", ":{d}/none", 0)

call_cases("setxattr", 'setxattr.file.path == "{d}/file" && setxattr.retval == 0 && '
           'setxattr.file.destination.namespace == "trusted" && setxattr.file.destination.name == "trusted.x"', {
    "plain": ("call", "setxattr", ":{d}/file", ":trusted.x", ":v", 1, 0),
    "l": ("call", "lsetxattr", ":{d}/file", ":trusted.x", ":v", 1, 0),
    "fd": ("call", "fsetxattr", "@{d}/file", ":trusted.x", ":v", 1, 0),
    "at": ("call", "setxattrat", "@{d}", ":file", 0, ":trusted.x", "=0,0", 16),
    "32": ("call32", "setxattr", ":{d}/file", ":trusted.x", ":v", 1, 0)})
failed("setxattr", 'setxattr.file.path == "{d}/file" && setxattr.retval == EOPNOTSUPP',
       "call", "setxattr", ":{d}/file", ":nonsense.x", ":v", 1, 0)
call_cases("removexattr", 'removexattr.file.path == "{d}/file" && removexattr.retval == 0 && '
           'removexattr.file.destination.name == "trusted.x"', {
    "plain": ("call", "removexattr", ":{d}/file", ":trusted.x"),
    "l": ("call", "lremovexattr", ":{d}/file", ":trusted.x"),
    "fd": ("call", "fremovexattr", "@{d}/file", ":trusted.x"),
    "at": ("call", "removexattrat", "@{d}", ":file", 0, ":trusted.x")})
failed("removexattr", 'removexattr.file.path == "{d}/dir" && removexattr.retval == ENODATA && '
       'removexattr.file.destination.namespace == "trusted"', "call", "removexattr", ":{d}/dir", ":trusted.none")

call_cases("chdir", 'chdir.file.path == "{d}/dir" && chdir.retval == 0 && chdir.file.inode > 0', {
    "plain": ("call", "chdir", ":{d}/dir"), "link": ("call", "chdir", ":{d}/dirlink"),
    "fd": ("call", "fchdir", "@{d}/dir"), "32": ("call32", "chdir", ":{d}/dir")})
failed("chdir", 'chdir.file.path == "{d}/file" && chdir.retval == ENOTDIR', "call", "chdir", ":{d}/file")

call_cases("truncate", 'open.file.path == "{d}/file" && open.retval == 0 && open.flags & O_TRUNC > 0 && '
           'process.file.name == "act"', {
    "plain": ("call", "truncate", ":{d}/file", 0), "fd": ("call", "ftruncate", "@{d}/file", 0),
    "32": ("call32", "truncate", ":{d}/file", 0)})

case("mount", 'mount.mountpoint.path == "{d}/dir" && mount.retval == 0 && mount.fs_type == "tmpfs" && '
     'mount.root.path == "/" && mount.visible && !mount.detached && mount.syscall.source.path == "here" && '
     'mount.syscall.fs_type == "tmpfs"', "in-mounts", "call", "mount", ":here", ":{d}/dir", ":tmpfs", 0, 0)
case("mount_link", 'mount.mountpoint.path == "{d}/dirlink" && mount.retval == 0 && mount.fs_type == "tmpfs"',
     "in-mounts", "call", "mount", ":here", ":{d}/dirlink", ":tmpfs", 0, 0)
case("mount_bind", 'mount.mountpoint.path == "{d}/dir" && mount.source.path == "{d}/other" && mount.fs_type != "" && '
     'mount.root.path == ~"*/bind/other"', "in-mounts", "call", "mount", ":{d}/other", ":{d}/dir", 0, 4096, 0)
case("mount_32", 'mount.mountpoint.path == "{d}/dir" && mount.fs_type == "tmpfs"',
     "in-mounts", "call32", "mount", ":here", ":{d}/dir", ":tmpfs", 0, 0)
failed("mount", 'mount.mountpoint.path == "{d}/none" && mount.retval == ENOENT && !mount.visible',
       "in-mounts", "call", "mount", ":here", ":{d}/none", ":tmpfs", 0, 0)
case("mount_fsmount", 'mount.detached && !mount.visible && mount.fs_type == "tmpfs" && process.file.name == "act" && '
     'mount.mountpoint.path == "" && mount.root.path == "/"', "in-mounts", "fsmount", "{d}/dir", ret=None)
case("mount_move", 'mount.mountpoint.path == "{d}/dir" && mount.fs_type == "tmpfs" && mount.visible',
     "in-mounts", "fsmount", "{d}/dir", ret=None)
case("mount_tree", 'mount.detached && mount.source.path == "{d}/other" && mount.retval >= 0',
     "in-mounts", "open-tree", "{d}/other", "{d}/dir", ret=None)

case("splice", 'splice.file.path == "{d}/file" && splice.retval == 1 && splice.file.inode > 0 && '
     'splice.pipe_entry_flag & PIPE_BUF_FLAG_CAN_MERGE == 0', "splice", "{d}/file", ret=1)
case("splice_used", 'splice.file.path == "{d}/file" && splice.pipe_entry_flag & PIPE_BUF_FLAG_CAN_MERGE > 0 && '
     'splice.pipe_exit_flag & PIPE_BUF_FLAG_CAN_MERGE == 0', "splice", "{d}/file", "used", ret=1)
failed("splice", 'splice.file.path == "{d}/file" && splice.retval == EINVAL', "splice-failed", "{d}/file")


def directory(name):
    return PLACE / name.replace("mount_bind", "bind")


def policy():
    lines = ["rules:"]
    for name, (expression, _, _) in CASES.items():
        text = expression.replace("{d}", str(directory(name)))
        lines.append(f"  - {{id: case_{name}, expression: '{text}'}}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def watched():
    for name in CASES:
        own = directory(name)
        (own / "dir").mkdir(parents=True)
        (own / "other").mkdir()
        (own / "file").write_text("content")
        if name.startswith("removexattr"):
            os.setxattr(own / "file", "trusted.x", b"value")
        (own / "link").symlink_to("file")
        (own / "dirlink").symlink_to("dir")
    policies = make_state_dir()
    (policies / "files.policy").write_text(policy())
    pair = start(policies, probe_settings={"system_probe_config.stream_buffer_size": "256MiB"})
    yield pair
    finish(pair)
    shutil.rmtree(policies)
    shutil.rmtree(PLACE)


@pytest.mark.parametrize("name", CASES)
def test_call_is_an_alert(watched, name):
    _, words, ret = CASES[name]
    lines = acts(*[str(word).replace("{d}", str(directory(name))) for word in words])
    done = lines[-1]
    if done["errno"] == 38:
        pytest.skip(f"this kernel has no {words[1]}")
    if ret is not None:
        assert done["ret"] == ret, done
    alert = watched.wait_alert(by(f"case_{name}", done["pid"]))
    assert alert["evt"]["outcome"] == ("Success" if done["ret"] >= 0 else alert["evt"]["outcome"])

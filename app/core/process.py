"""Which process holds something, and whether it is certainly gone: a restart then need not wait for a lease to end."""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import socket
from pathlib import Path

PROC = Path("/proc")


@functools.cache
def _place() -> str:
    """This boot of this machine (or container): the only place where a pid means the same thing."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = str((PROC / "self/ns/pid").readlink())
    except OSError:
        boot, namespace = secrets.token_hex(8), ""  # elsewhere than on Linux nobody can be known to be gone
    return hashlib.sha256(f"{socket.gethostname()} {boot} {namespace}".encode()).hexdigest()[:16]


def _born(pid: int) -> str | None:
    """When the process of this pid started, in clock ticks since boot; None when there is none."""
    try:
        # The command's name, in brackets, may hold spaces: the fields are counted after it.
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def new_owner() -> str:
    """A name for whoever takes a lease now: place, process, and a part of its own."""
    pid = os.getpid()
    return f"{_place()}:{pid}:{_born(pid)}:{secrets.token_hex(6)}"


def surely_dead(owner: str | None) -> bool:
    """Whether the process that `new_owner` named is gone. False whenever that cannot be known from here."""
    place, _, rest = (owner or "").partition(":")
    pid, _, rest = rest.partition(":")
    if place != _place() or not pid.isdigit():
        return False
    return _born(int(pid)) != rest.partition(":")[0]

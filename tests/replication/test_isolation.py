"""Whoever breaks into the portal finds no school file: its process has neither the address, the code nor the keys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.commands.processes import portal_environment
from config import Config
from tests.conftest import Urls

ROOT = Path(__file__).resolve().parents[2]
ADMIN_SIDE = ("schools", "access", "online", "exchange", "jobs", "replication", "admin", "booklets", "curriculum")
LOOK_AROUND = """
import json, os, sys
import app.wsgi
portal = app.wsgi.portal()
client = portal.test_client()
status = client.get("/activer", headers={"Host": "127.0.0.1"}).status_code
from app.core.db import admin_db
from app.core.crypto import KeyMissing, keyring
def refused(act, error):
    try: act()
    except error: return True
    return False
print(json.dumps({
    "status": status,
    "modules": sorted(m for m in sys.modules if m.startswith("app.")),
    "environment": sorted(os.environ),
    "admin_unbound": refused(lambda: admin_db.engine, RuntimeError),
    "no_seal": refused(lambda: keyring().ids("seal"), KeyMissing),
    "no_audit": refused(lambda: keyring().ids("audit"), KeyMissing),
    "tables": sorted(t for t in __import__("app.core.db").core.db.PortalBase.metadata.tables),
}))
"""


@pytest.fixture
def seen(sqlite_databases: Urls, settings: Config) -> dict[str, Any]:
    """What a portal process, started as `serve` starts it, can see."""
    from dataclasses import replace

    environment = portal_environment(replace(settings, portal_db=sqlite_databases.portal))
    done = subprocess.run([sys.executable, "-c", LOOK_AROUND], env=environment, cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.row("M111")
def test_the_portal_process_knows_nothing_of_the_schools(seen: dict[str, Any]) -> None:
    assert seen["status"] == 200
    reached = [name for name in seen["modules"] if name.split(".")[1] in ADMIN_SIDE]
    assert reached == []
    assert seen["admin_unbound"] and seen["no_seal"] and seen["no_audit"]
    assert {"LIVRET_ADMIN_DB", "LIVRET_BROKER", "LIVRET_MAIL"}.isdisjoint(seen["environment"])
    assert "pupil" not in seen["tables"] and "published_pupil" in seen["tables"]

"""Every setting of an instance, each with its reason. What a school chooses is data, not configuration.

Values come from the environment (`LIVRET_*`); `load()` builds and checks them. Production refuses whatever the
demonstration makes up by itself: keys, addresses, mail to files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent


class ConfigError(Exception):
    """A setting is missing or unsafe; the message names it."""


@dataclass(frozen=True)
class Config:
    """The settings shared by the admin application, the portal, the worker and the commands."""

    # demo: makes keys, an academy and addresses by itself. production: makes nothing, refuses what is missing.
    env: str = "demo"
    # Folder of the instance: databases, files, keys, logs.
    home: Path = ROOT / "instance"
    # SQLAlchemy addresses. The portal process is never given the admin's.
    admin_db: str = ""
    portal_db: str = ""
    # Celery broker: only a doorbell, the job table is the truth.
    broker: str = ""
    # Where mail goes: smtp://user:password@host:port[?tls=starttls|ssl], or file:///folder (one .eml each).
    mail: str = ""
    # The sender families and staff see.
    mail_sender: str = "Livret scolaire <ne-pas-repondre@livret.example.org>"
    # Public addresses, printed on letters and put in mails; never taken from the request's Host header.
    admin_url: str = "http://127.0.0.1:8080"
    portal_url: str = "http://127.0.0.1:8081"
    # Host names each application answers to; anything else is refused.
    admin_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    portal_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    # Folder with this process's keys (admin or portal side); default <home>/keys/<side>.
    keys: Path | None = None
    # Replication: « 02:00 » = nightly at that time, « 5 » = every 5 minutes (M111).
    replicate: str = "02:00"
    # Reverse proxies in front (each adds to X-Forwarded-For). Attempts are counted by address: with too few, all
    # visitors count as one; with too many, a visitor may pretend to be another.
    proxies: int = 0
    # Cookies travel over HTTPS only.
    secure_cookies: bool = False
    # Languages offered; French is complete and the default, English complete.
    locales: tuple[str, ...] = field(default=("fr", "en"))

    @property
    def is_production(self) -> bool:
        """Whether defaults are refused."""
        return self.env == "production"

    @property
    def files(self) -> Path:
        """Where artifacts (letters, reports) are kept."""
        return self.home / "files"

    def key_folder(self, side: str) -> Path:
        """Where the keys of one side (admin, portal) are read from."""
        return self.keys or self.home / "keys" / side


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Settings from the environment. Raises `ConfigError` naming what is missing or unsafe."""
    env = os.environ if environ is None else environ
    name = env.get("LIVRET_ENV", "demo")
    if name not in ("demo", "production"):
        raise ConfigError(f"LIVRET_ENV={name!r} : valeurs possibles « demo » et « production »")
    home = Path(env.get("LIVRET_HOME", ROOT / "instance")).resolve()
    settings = Config(
        env=name,
        home=home,
        admin_db=env.get("LIVRET_ADMIN_DB", f"sqlite:///{home}/admin.db"),
        portal_db=env.get("LIVRET_PORTAL_DB", f"sqlite:///{home}/portal.db"),
        broker=env.get("LIVRET_BROKER", f"sqla+sqlite:///{home}/broker.db"),
        mail=env.get("LIVRET_MAIL", f"file://{home}/mail"),
        mail_sender=env.get("LIVRET_MAIL_SENDER", Config.mail_sender),
        admin_url=env.get("LIVRET_ADMIN_URL", Config.admin_url).rstrip("/"),
        portal_url=env.get("LIVRET_PORTAL_URL", Config.portal_url).rstrip("/"),
        admin_hosts=_hosts(env, "LIVRET_ADMIN_HOSTS", Config.admin_hosts),
        portal_hosts=_hosts(env, "LIVRET_PORTAL_HOSTS", Config.portal_hosts),
        keys=Path(env["LIVRET_KEYS"]) if "LIVRET_KEYS" in env else None,
        replicate=env.get("LIVRET_REPLICATE", "1" if name == "demo" else "02:00"),
        proxies=_number(env, "LIVRET_PROXIES", 1 if name == "production" else 0),
        secure_cookies=name == "production",
    )
    if settings.is_production:
        _refuse_defaults(env)
    return settings


def _hosts(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(host.strip() for host in env[name].split(",") if host.strip()) if name in env else default


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        raise ConfigError(f"{name}={text!r} : attendu un petit nombre entier, 0 ou plus")
    return int(text)


# What production must say for itself. The portal process is given neither the admin's database nor the broker.
REQUIRED = ("LIVRET_PORTAL_DB", "LIVRET_PORTAL_URL", "LIVRET_PORTAL_HOSTS", "LIVRET_KEYS")
REQUIRED_ADMIN = (
    "LIVRET_ADMIN_DB",
    "LIVRET_BROKER",
    "LIVRET_MAIL",
    "LIVRET_MAIL_SENDER",
    "LIVRET_ADMIN_URL",
    "LIVRET_ADMIN_HOSTS",
)


def _refuse_defaults(env: Mapping[str, str]) -> None:
    side = env.get("LIVRET_SIDE", "admin")
    wanted = REQUIRED if side == "portal" else REQUIRED + REQUIRED_ADMIN
    if missing := [name for name in wanted if not env.get(name)]:
        raise ConfigError(f"LIVRET_ENV=production : il manque {', '.join(missing)}")
    plain = [name for name in ("LIVRET_ADMIN_URL", "LIVRET_PORTAL_URL") if env.get(name, "https").startswith("http:")]
    if plain:
        raise ConfigError(f"LIVRET_ENV=production : {', '.join(plain)} doit commencer par https://")

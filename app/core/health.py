"""`/healthz`: whether this process can reach its database. It says nothing else, and needs no session."""

from __future__ import annotations

import logging

from flask import Flask, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import Database

log = logging.getLogger(__name__)


def add_health(app: Flask, db: Database) -> None:
    """Answer `GET /healthz` with 200 « ok », or 503 when the database does not answer."""

    @app.get("/healthz", endpoint="healthz")
    def healthz() -> Response:
        try:
            with db.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            log.exception("the %s database does not answer", db.name)
            return Response("database\n", status=503, mimetype="text/plain", headers={"Cache-Control": "no-store"})
        return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})

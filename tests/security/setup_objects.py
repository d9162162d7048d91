"""One row of what the set-up of booklets names in addresses, in a school."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.booklets.models import Project
from app.schools.models import School
from app.schools.periods import PeriodScheme


def setup_objects(session: Session, school_id: int) -> dict[str, int]:
    """resource → id of a new row of that school."""
    year = session.get_one(School, school_id).school_year_id
    scheme = PeriodScheme(school_id=school_id, school_year_id=year, label="À nos dates")
    epi = Project(school_id=school_id, school_year_id=year, kind="epi", theme="EPI_SAN", title="Du grain au pain")
    ap = Project(school_id=school_id, school_year_id=year, kind="ap", title="Prendre des notes")
    session.add_all([scheme, epi, ap])
    session.flush()
    return {"period_scheme": scheme.id, "epi": epi.id, "ap": ap.id}

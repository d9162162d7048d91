"""A job runs its steps once each, whatever happens, and every way of ending says what happened."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.audit.models import AuditLine
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Forbidden, NotFound
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import leases, runner, services
from app.jobs.actors import use_actor_resolver
from app.jobs.leases import MAX_ATTEMPTS, LeaseLost, claim, free_abandoned, hold
from app.jobs.models import Artifact, Job, JobLine, JobStep
from app.jobs.queries import artifacts_of, lines_of, own_jobs, report
from app.jobs.runner import run_claimed
from app.jobs.storage import storage
from tests.factories import World
from tests.jobs.conftest import OPERATOR, ask
from tests.jobs.toys import Rows, items


def forget_lease(job_id: int) -> None:
    """As if the runner had stopped renewing long ago."""
    with unit_of_work() as session:
        past = clock.now() - timedelta(minutes=5)
        session.execute(update(Job).where(Job.id == job_id).values(lease_until=past))


def lines(job_id: int) -> list[dict[str, object]]:
    with unit_of_work() as session:
        return list(lines_of(session, job_id))


def test_a_job_does_each_step_once_and_says_so(school: World, bells: list[int]) -> None:
    job = ask(school, "toy.rows", items=10, size=3)
    assert (job.state, job.percent, bells) == ("queued", 0, [1])
    seen: list[tuple[int, int]] = []
    job = services.run_here(job.id, lambda done, total, _message: seen.append((done, total)))
    assert (job.state, job.percent, job.message) == ("done", 100, "10 lignes écrites.")
    assert job.result == {"written": 10} and job.lines == {"info": 10}
    assert items(job.id) == list(range(10))
    assert seen == sorted(seen) and seen[-1] == (100, 100)
    assert services.exit_code(job) == 0
    assert services.run_here(job.id) == job, "running it again changes nothing"
    assert items(job.id) == list(range(10))


def test_artifacts_are_listed_with_their_bytes(school: World) -> None:
    job = services.run_here(ask(school, "toy.rows", items=4, size=2).id)
    with unit_of_work() as session:
        found = artifacts_of(session, job.id)
        names, contents = [a.name for a in found], [storage().open_artifact(a.path).read_bytes() for a in found]
        sizes = [a.size for a in found]
    assert names == ["lot.txt", "lot.txt", "tout.txt"]
    assert contents == [b"0 1", b"2 3", b"tout"] and sizes == [3, 3, 4]


def test_steps_can_be_found_out_on_the_way(school: World) -> None:
    job = services.run_here(ask(school, "toy.growing").id)
    assert (job.state, job.steps_done, job.steps_total) == ("done", 4, 4)
    assert items(job.id) == [1, 2, 3]


def test_a_fault_of_the_file_refuses_and_names_the_line(school: World) -> None:
    job = services.run_here(ask(school, "toy.faulty", fault="file").id)
    assert (job.state, services.exit_code(job)) == ("refused", 2)
    assert job.message == "eleves.xml, ligne 12 : La balise INE manque. Refaites l'export."
    assert lines(job.id) == [{"severity": "blocking", "message": "La balise INE manque. Refaites l'export.",
                              "file": "eleves.xml", "line": 12}]
    assert items(job.id) == [-1, 0], "the faulty step left nothing; what was staged was dropped"


def test_an_unexpected_error_fails_without_telling_secrets(school: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        job = services.run_here(ask(school, "toy.faulty", fault="bug").id)
    assert (job.state, services.exit_code(job)) == ("failed", 2)
    assert "ZeroDivisionError" in job.message and "Lou" not in job.message
    assert "Lou" not in json.dumps(lines(job.id))
    assert "the secret of Lou Exemple" in caplog.text, "the trace is in the log"


def test_a_full_disk_is_said_as_such(school: World) -> None:
    job = services.run_here(ask(school, "toy.faulty", fault="disk").id)
    assert job.state == "failed" and "plus de place sur le disque" in job.message
    assert items(job.id) == [-1, 0]


def test_a_blocking_line_makes_exit_code_one(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rows, "finish", lambda _self, ctx: ctx.line("blocking", "Un élève a été laissé de côté."))
    assert services.exit_code(services.run_here(ask(school, "toy.rows", items=1, size=1).id)) == 1


def test_cancelling_a_waiting_job_ends_it(school: World) -> None:
    job = services.request_cancel(ask(school, "toy.rows", items=5, size=1).id, actor=OPERATOR)
    assert (job.state, services.exit_code(job)) == ("cancelled", 1)
    assert services.run_here(job.id).state == "cancelled" and items(job.id) == []


def test_cancelling_a_running_job_stops_it_between_two_steps(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_to_stop(_self: Rows, ctx: object, payload: list[int]) -> int:
        if payload == [2]:
            services.request_cancel(ctx.job.id, actor=OPERATOR)  # type: ignore[attr-defined]
        return 1

    monkeypatch.setattr(Rows, "prepare", ask_to_stop)
    job = services.run_here(ask(school, "toy.rows", items=5, size=1).id)
    assert (job.state, job.message) == ("cancelled", "Arrêté à la demande.")
    assert items(job.id) == [0, 1, 2], "the step under way is finished, no other begins"
    again = services.take_up_again(job.id, actor=OPERATOR)
    assert again.state == "queued"
    assert services.run_here(job.id).state == "done" and items(job.id) == [0, 1, 2, 3, 4]


def test_who_may_not_cancel_is_refused(school: World) -> None:
    job = ask(school, "toy.rows", items=1, size=1)
    with pytest.raises(Forbidden):
        services.request_cancel(job.id, actor=Actor.person(1, "Lou", [("can_show", "job")]))


def test_another_schools_job_does_not_exist(school: World) -> None:
    job = services.run_here(ask(school, "toy.rows", items=1, size=1).id)
    with school_scope(school.b):
        with pytest.raises(NotFound):
            services.request_cancel(job.id, actor=OPERATOR)
        with unit_of_work() as session:
            for model in (Job, JobStep, JobLine, Artifact):
                assert session.scalar(select(func.count()).select_from(model)) == 0


def test_the_job_runs_in_its_schools_scope_as_its_person(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int | None]] = []
    seen: list[object] = []

    def resolve(user_id: int, school_id: int | None) -> Actor:
        asked.append((user_id, school_id))
        return Actor.person(user_id, "Lou", [("can_run", "toy")])

    def look(_self: Rows, ctx: object, payload: object) -> None:
        from app.core.scope import current_scope

        seen.extend([current_scope().id, ctx.actor.can("can_run", "toy")])  # type: ignore[attr-defined,union-attr]

    person = make_user()
    use_actor_resolver(resolve)
    monkeypatch.setattr(Rows, "run_step", look)
    monkeypatch.setattr(Rows, "finish", lambda *_args: None)
    try:
        job = ask(school, "toy.rows", actor=Actor.person(person, "Lou", ()), items=1, size=1)
        with system_scope("as the worker does"):
            services.run_waiting()
    finally:
        use_actor_resolver(None)
    assert asked == [(person, school.a)] and seen == [school.a, True]
    assert job.created_by_name == "Lou"


def make_user() -> int:
    """A person of FAB's table."""
    from flask_appbuilder.security.sqla.models import User

    with unit_of_work() as session:
        user = User(first_name="Lou", last_name="Exemple", username="lou", email="lou@ecole.example", active=True)
        session.add(user)
        session.flush()
        return user.id


def test_a_dedupe_key_gives_the_first_job(school: World) -> None:
    first = ask(school, "toy.rows", "form-1", items=1, size=1)
    assert ask(school, "toy.rows", "form-1", items=9, size=1).id == first.id
    assert ask(school, "toy.rows", "form-2", items=1, size=1).id != first.id
    with unit_of_work():  # also inside somebody's transaction, which goes on
        assert ask(school, "toy.rows", "form-1", items=9, size=1).id == first.id
        third = ask(school, "toy.rows", items=1, size=1)
    assert services.run_here(third.id).state == "done"


def test_nobody_is_woken_for_what_was_rolled_back(school: World, bells: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        ask(school, "toy.rows", items=1, size=1)
        raise ZeroDivisionError
    assert bells == []
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_what_is_exclusive_runs_one_at_a_time_in_each_school(school: World) -> None:
    first, second = (ask(school, "toy.faulty", fault="none") for _ in range(2))
    with school_scope(school.b):
        elsewhere = services.submit("toy.faulty", school.b, {"fault": "none"}, OPERATOR, "Ailleurs")
    taken = [claim(), claim(), claim()]
    assert [t and t[0] for t in taken] == [first.id, elsewhere.id, None]
    run_claimed(*taken[0])  # type: ignore[misc]
    assert claim(second.id) is not None


def test_the_database_itself_keeps_a_lane_to_one(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(school, "toy.faulty", fault="none")
    ask(school, "toy.faulty", fault="none")
    monkeypatch.setattr(leases, "_lane_is_free", lambda *_args: True)
    assert claim() is not None and claim() is None


def test_an_expired_lease_is_taken_over_and_nothing_is_done_twice(school: World) -> None:
    job = ask(school, "toy.rows", items=4, size=2)
    old = claim()
    assert old and claim() is None, "taken once"
    free_abandoned()
    assert claim() is None, "its holder lives"
    forget_lease(job.id)
    free_abandoned()
    new = claim()
    assert new and new[1] != old[1]
    with pytest.raises(LeaseLost), unit_of_work() as session:
        hold(session, *old)
    run_claimed(*old)  # wakes up too late: stores nothing
    assert items(job.id) == []
    run_claimed(*new)
    assert items(job.id) == [0, 1, 2, 3]
    with unit_of_work() as session:
        assert session.get_one(Job, job.id).state == "done"


def test_a_runner_whose_lease_went_in_mid_step_stores_nothing(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(school, "toy.rows", items=2, size=1)
    real = Rows.prepare

    def lose_it(self: Rows, ctx: object, payload: list[int]) -> int:
        monkeypatch.setattr(Rows, "prepare", real)
        forget_lease(job.id)
        free_abandoned()
        run_claimed(*claim())  # type: ignore[misc]  - somebody else does the whole job meanwhile
        return 1

    monkeypatch.setattr(Rows, "prepare", lose_it)
    run_claimed(*claim())  # type: ignore[misc]
    assert items(job.id) == [0, 1]
    assert len(lines(job.id)) == 2


def test_the_lease_of_a_dead_process_is_not_waited_for(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(school, "toy.rows", items=1, size=1)
    assert claim()
    monkeypatch.setattr(leases, "surely_dead", lambda owner: True)
    assert free_abandoned() == 1
    assert services.run_here(job.id).state == "done"


def test_a_job_that_kills_its_process_every_time_is_given_up(school: World) -> None:
    job = ask(school, "toy.faulty", fault="kill")
    for _ in range(MAX_ATTEMPTS):
        assert claim()
        forget_lease(job.id)
        free_abandoned()
    assert claim() is None
    ended = services.run_here(job.id)
    assert ended.state == "failed" and f"interrompu {MAX_ATTEMPTS} fois de suite" in ended.message
    assert ended.lines == {"blocking": 1}


def test_a_dead_runner_of_a_job_that_was_to_stop(school: World) -> None:
    job = ask(school, "toy.rows", items=1, size=1)
    assert claim()
    assert services.request_cancel(job.id, actor=OPERATOR).state == "running"
    forget_lease(job.id)
    free_abandoned()
    assert services.run_here(job.id).state == "cancelled" and items(job.id) == []


def test_a_process_asked_to_end_gives_its_job_back(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(school, "toy.rows", items=3, size=1)

    def end_soon(_self: Rows, ctx: object, payload: list[int]) -> int:
        runner.stopping.set()
        return 1

    with monkeypatch.context() as patch:
        patch.setattr(Rows, "prepare", end_soon)
        run_claimed(*claim())  # type: ignore[misc]
    runner.stopping.clear()
    with unit_of_work() as session:
        stored = session.get_one(Job, job.id)
        assert (stored.state, stored.steps_done, stored.lease_owner, stored.attempts) == ("queued", 1, None, 0)
    assert services.run_here(job.id).state == "done" and items(job.id) == [0, 1, 2]


def test_a_busy_database_is_asked_again(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    times: list[int] = []
    real = Rows.run_step

    def busy_once(self: Rows, ctx: object, payload: list[int]) -> None:
        real(self, ctx, payload)  # type: ignore[arg-type]
        times.append(1)
        if len(times) == 1:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(runner, "DATABASE_PAUSES", (0.0,))
    monkeypatch.setattr(Rows, "run_step", busy_once)
    job = services.run_here(ask(school, "toy.rows", items=1, size=1).id)
    assert (job.state, items(job.id), len(times)) == ("done", [0], 2)


def test_a_kind_nobody_knows_fails_in_plain_words(school: World) -> None:
    job = ask(school, "toy.rows", items=1, size=1)
    with unit_of_work() as session:
        session.execute(update(Job).where(Job.id == job.id).values(kind="toy.gone"))
    assert services.run_here(job.id).state == "failed"
    with pytest.raises(LookupError, match=r"toy\.gone"):
        ask(school, "toy.gone")


def test_each_move_leaves_a_line_in_the_trail(school: World) -> None:
    job = services.run_here(ask(school, "toy.rows", items=1, size=1).id)
    with unit_of_work() as session:
        trail = select(AuditLine.action, AuditLine.school_id).where(AuditLine.subject_id == job.id,
                                                                    AuditLine.subject_type == "job")
        found = session.execute(trail.order_by(AuditLine.id)).all()
    assert [tuple(row) for row in found] == [(f"job.{move}", school.a) for move in ("create", "start", "finish")]


def test_the_report_is_narrowed_by_severity_and_words(school: World) -> None:
    job = services.run_here(ask(school, "toy.rows", items=12, size=4).id)
    with unit_of_work() as session:
        def found(**wish: str) -> list[str]:
            return [line.message for line in session.scalars(report(job.id, **wish))]

        assert found(severity="blocking") == []
        assert found(text="ligne 11") == ["ligne 11"]
        assert len(found(severity="info", text="LIGNE")) == 12
        assert found(text="100%") == []


def test_jobs_of_the_school_newest_first(school: World) -> None:
    made = [ask(school, "toy.growing").id for _ in range(3)]
    with unit_of_work() as session:
        assert [job.id for job in session.scalars(own_jobs())] == made[::-1]


def test_work_files_go_when_the_job_is_done(school: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(_self: Rows, ctx: object, payload: list[int]) -> int:
        (ctx.folder / "half").write_text("x")  # type: ignore[attr-defined]
        return 1

    monkeypatch.setattr(Rows, "prepare", leave)
    job = services.run_here(ask(school, "toy.rows", items=2, size=1).id)
    assert job.state == "done" and not list((tmp_path / "home" / "work").iterdir())


def test_a_file_is_written_whole_or_not_at_all(school: World, tmp_path: Path) -> None:
    kept = storage()
    kept.write("jobs/1/a.txt", b"first")
    with pytest.raises(FileNotFoundError):
        kept.write("jobs/1/a.txt", tmp_path / "missing")
    assert [p.name for p in (kept.files / "jobs/1").iterdir()] == ["a.txt"]
    assert kept.open_artifact("jobs/1/a.txt").read_bytes() == b"first"


@pytest.mark.parametrize("path", ["../keys/admin/seal.key", "/etc/passwd", "jobs/9/none", "jobs"])
def test_only_files_of_the_folder_are_opened(school: World, path: str) -> None:
    storage().files.mkdir(parents=True, exist_ok=True)
    (storage().files / "jobs").mkdir(exist_ok=True)
    with pytest.raises(NotFound):
        storage().open_artifact(path)


def test_no_session_is_left_open(school: World) -> None:
    services.run_here(ask(school, "toy.rows", items=1, size=1).id)
    assert not admin_db.session().in_transaction()

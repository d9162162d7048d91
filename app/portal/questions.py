"""The three questions of an account that signs in with digits (M117): two of a list, one of the holder's own. They are
asked before a forgotten secret is chosen anew (M122)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.portal.activation import name_key
from app.portal.models import AccountQuestion
from app.portal.signup_faults import Fault
from app.security.passwords import hash_passphrase, verify_passphrase

LIST = ("pet", "mother", "dish", "school", "birth_place", "birth_hour", "second_name", "street")
COUNT = 3
LONGEST_QUESTION, LONGEST_ANSWER, SHORTEST_ANSWER = 120, 100, 2


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answer, as they were typed: a code of `LIST`, or the holder's own words at the last place."""

    question: str
    answer: str


def question_faults(asked: Sequence[Answered]) -> list[Fault]:
    """What is wrong with the three: one missing, one chosen twice, an answer too short."""
    faults = []
    for place, one in enumerate(asked, 1):
        known = one.question in LIST if place < COUNT else bool(one.question.strip())
        if not known:
            faults.append(Fault(f"question{place}", "missing"))
        if len(name_key(one.answer)) < SHORTEST_ANSWER:
            faults.append(Fault(f"answer{place}", "answer"))
    if len(asked) == COUNT and asked[0].question in LIST and asked[0].question == asked[1].question:
        faults.append(Fault("question2", "question_twice"))
    return faults if len(asked) == COUNT else [Fault("question1", "missing")]


def hashed(asked: Sequence[Answered]) -> list[tuple[str, str]]:
    """The questions with the slow hashes of their answers: made before a transaction begins."""
    return [(one.question.strip()[:LONGEST_QUESTION], hash_passphrase(name_key(one.answer))) for one in asked]


def store(session: Session, account_id: int, rows: Sequence[tuple[str, str]]) -> None:
    """The questions of an account, in the place of those before."""
    old = delete(AccountQuestion).where(AccountQuestion.account_id == account_id)
    session.execute(old.execution_options(synchronize_session=False))
    session.add_all([AccountQuestion(account_id=account_id, place=place, question=question, answer_hash=digest)
                     for place, (question, digest) in enumerate(rows, 1)])  # fmt: skip


def questions_of(session: Session, account_id: int) -> list[AccountQuestion]:
    """The questions of an account, in their order; none when it signs in with a pass-phrase."""
    asked = select(AccountQuestion).where(AccountQuestion.account_id == account_id).order_by(AccountQuestion.place)
    return list(session.scalars(asked))


def all_right(asked: Sequence[AccountQuestion], answers: Sequence[str]) -> bool:
    """Whether every answer is right: all are compared, so that the time does not tell which one was wrong. Neither
    case, accents nor spaces count."""
    given = [*answers, *[""] * len(asked)][: len(asked)]
    right = [verify_passphrase(one.answer_hash, name_key(text[:LONGEST_ANSWER]))
             for one, text in zip(asked, given, strict=True)]  # fmt: skip
    return all(right)

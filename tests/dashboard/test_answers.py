"""Answers are made once for all who ask at the same time, kept within a bound, and made again when they may differ."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

from driftwatch.dashboard.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_many_who_ask_at_once_get_one_answer_made_beside_the_loop() -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(threading.get_ident())
        return b"x"

    async def ask() -> None:
        answers = Answers(lambda: 1)
        try:
            found = await asyncio.gather(*(answers.about_checks("k", make) for _ in range(50)))
            assert {answer.body for answer in found} == {b"x"}
        finally:
            answers.close()

    asyncio.run(ask())
    assert len(made) == 1
    assert made[0] != threading.get_ident()


def test_a_mark_is_looked_at_once_in_a_while() -> None:
    looks, now = [], [0.0]

    def look() -> int:
        looks.append(now[0])
        return 1

    async def ask() -> None:
        answers = Answers(look, fresh=1.0, clock=lambda: now[0])
        try:
            for at in (0.0, 0.9, 1.0, 1.1, 2.0, 2.2):
                now[0] = at
                await answers.about_checks("k", lambda: b"")
        finally:
            answers.close()

    asyncio.run(ask())
    assert looks == [0.0, 1.1, 2.2]


def test_answers_are_kept_up_to_a_number_of_bytes_the_newest_used_first() -> None:
    made: list[str] = []

    def make(key: str) -> bytes:
        made.append(key)
        return bytes(100)

    async def ask() -> None:
        answers = Answers(lambda: 1, max_bytes=250)
        try:
            for key in "abacab":
                await answers.about_checks(key, partial(make, key))
            assert answers.size == (2, 200)
        finally:
            answers.close()

    asyncio.run(ask())
    assert made == ["a", "b", "c", "b"]


def test_a_client_that_leaves_does_not_take_the_answer_from_the_others() -> None:
    release = threading.Event()

    def make() -> bytes:
        assert release.wait(20)
        return b"x"

    async def ask() -> bytes:
        answers = Answers(lambda: 1)
        try:
            await answers.current_mark()
            leaves, stays = (asyncio.ensure_future(answers.about_checks("k", make)) for _ in range(2))
            await asyncio.sleep(0)
            leaves.cancel()
            await asyncio.sleep(0)
            release.set()
            return (await stays).body
        finally:
            answers.close()

    assert asyncio.run(ask()) == b"x"


def test_what_fails_is_tried_again() -> None:
    turns: Iterator[ValueError | bytes] = iter([ValueError("no"), b"yes"])

    def make() -> bytes:
        turn = next(turns)
        if isinstance(turn, ValueError):
            raise turn
        return turn

    async def ask() -> list[object]:
        answers = Answers(lambda: 1)
        try:
            return [
                *await asyncio.gather(answers.about_checks("k", make), return_exceptions=True),
                (await answers.about_checks("k", make)).body,
            ]
        finally:
            answers.close()

    first, second = asyncio.run(ask())
    assert isinstance(first, ValueError)
    assert second == b"yes"

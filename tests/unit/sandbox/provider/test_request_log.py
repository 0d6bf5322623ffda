"""The log adds up, and its file brings everything back, even after a kill in the middle of a line."""

from __future__ import annotations

from pathlib import Path

from sandbox.provider.request_log import RequestLog

NOON = 1_790_000_000.0  # 2026-09-21T14:13:20Z
CATS = "/tt/hashtag/posts"


def test_a_state_file_brings_everything_back_except_a_half_written_line(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "state")
    log.mark_ok(log.add(NOON, CATS, "name=cats", 200, 1, None))
    log.add(NOON, CATS, "name=dogs", None, 1, "lost")
    entries, stats = log.entries(), log.stats()
    log.close()
    with (tmp_path / "state").open("ab") as file:
        file.write(b'[1790000001.0,"/tt/hash')
    again = RequestLog(tmp_path / "state")
    assert (again.entries(), again.stats()) == (entries, stats)
    again.close()


def test_a_reset_empties_the_file_and_keeps_count_of_calls_in_flight(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "state")
    log.add(NOON, CATS, "name=cats", 200, 1, None)
    log.in_flight = 3
    log.reset()
    assert (log.entries(), log.in_flight, log.units_on("2026-09-21")) == ([], 3, 0)
    assert (tmp_path / "state").read_bytes() == b""
    log.close()


def test_units_are_counted_by_utc_day() -> None:
    log = RequestLog()
    for at, units in ((NOON, 2), (NOON - 86_400, 3), (NOON, 4)):
        log.add(at, CATS, "", 200, units, None)
    assert log.units_by_day(3, NOON) == [
        {"date": "2026-09-21", "tiktok": 6},
        {"date": "2026-09-20", "tiktok": 3},
        {"date": "2026-09-19", "tiktok": 0},
    ]


def test_only_requests_answered_successfully_more_than_once_are_repeated() -> None:
    log = RequestLog()
    for name, successes in (("cats", 3), ("dogs", 1), ("tea", 0)):
        for n in range(3):
            entry = log.add(NOON, CATS, f"name={name}", 200, 1, None)
            if n < successes:
                log.mark_ok(entry)
    stats = log.stats()
    assert stats["repeated"] == [{"path": CATS, "params": "name=cats", "times": 3}]
    assert (stats["repeated_calls"], stats["ok"], stats["calls"]) == (2, 4, 9)

"""The history of a project: who did what, when, in a chain of hashes.

Tamper-evident, not tamper-proof: a changed, removed or exchanged row breaks the chain, but who can write the file can also
write a whole new chain or cut off its end. So the head of the chain is printed in exports: a later project must contain it.
Order is the sequence, never the clock; a clock that was set back is noted in the row that noticed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from padscope.errors import StoreError
from padscope.store.rows import AuditRow, sha256_of, to_text

GENESIS = "0" * 64
"""What the first row stands on."""


def next_row(
    previous: AuditRow | None,
    now: datetime,
    *,
    session: str,
    monotonic_s: float,
    author: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
) -> AuditRow:
    """The row after `previous`; `now` must know its offset from UTC."""
    at, offset = utc_text(now), now.utcoffset()
    detail = dict(detail)
    if previous is not None and at < previous.at:
        detail["clock_was_set_back_from"] = previous.at
    row = AuditRow(
        seq=1 if previous is None else previous.seq + 1,
        at=at,
        offset_min=round(offset.total_seconds() / 60) if offset is not None else 0,
        session=session,
        monotonic_s=round(monotonic_s, 3),
        author=author,
        action=action,
        subject=subject,
        detail=json.loads(to_text(detail)),
        previous_sha256=GENESIS if previous is None else previous.sha256,
        sha256="",
    )
    return _sealed(row)


def first_break(rows: Iterable[AuditRow]) -> str | None:
    """What is wrong with the first row that does not fit, in a sentence; None where the whole chain holds."""
    previous = GENESIS
    for seq, row in enumerate(rows, start=1):
        if row.seq != seq:
            return f"history row {seq} is missing (row {row.seq} follows row {seq - 1})"
        if row.previous_sha256 != previous:
            return f"history row {seq} does not stand on the row before it"
        if _sealed(row).sha256 != row.sha256:
            return f"history row {seq} was changed after it was written"
        previous = row.sha256
    return None


def utc_text(moment: datetime) -> str:
    """UTC ISO 8601 with microseconds and Z: texts of this form sort as their moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_record(record: Mapping[str, Any] | sqlite3.Row) -> AuditRow:
    """StoreError where its detail cannot be read any more."""
    values = dict(record)
    try:
        return AuditRow(**{**values, "detail": json.loads(values["detail"])})
    except ValueError:
        raise StoreError(f"Row {values['seq']} of the history is damaged on disk; restore a copy.") from None


def to_record(row: AuditRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in AuditRow.__dataclass_fields__}, "detail": to_text(row.detail)}


def _sealed(row: AuditRow) -> AuditRow:
    parts = [
        row.previous_sha256,
        str(row.seq),
        row.at,
        str(row.offset_min),
        row.session,
        repr(row.monotonic_s),
        row.author,
        row.action,
        row.subject,
        to_text(row.detail),
    ]
    return replace(row, sha256=sha256_of(*parts))

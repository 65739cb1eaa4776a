"""The tables of a project, and how an older project becomes a newer one.

A change of the tables is a new entry of MIGRATIONS, never an edit of an old one: `PRAGMA user_version` counts how many a
project has seen. Every table that two projects may share names its rows by content (`sha256`) or by a random `uid`, so that
projects can be merged; numbers (`id`) hold only inside one file.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x50616453  # "PadS": marks a SQLite file as a Padscope project

FIRST = """
CREATE TABLE project (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    uid TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    software TEXT NOT NULL
) STRICT;

CREATE TABLE pictures (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    um_per_px REAL,
    scale_source TEXT NOT NULL,
    scale_verified INTEGER NOT NULL,
    module TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX pictures_module ON pictures (module);

CREATE TABLE layouts (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    file_sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    json TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;

CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    detector TEXT NOT NULL,
    path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    facts TEXT NOT NULL,
    file BLOB,
    added_at TEXT NOT NULL
) STRICT;

CREATE TABLE inspections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    picture_id INTEGER NOT NULL REFERENCES pictures (id),
    layout_id INTEGER REFERENCES layouts (id),
    model_sha256 TEXT NOT NULL,
    rules TEXT NOT NULL,
    rules_sha256 TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL,
    seconds REAL NOT NULL,
    author TEXT NOT NULL,
    head TEXT NOT NULL,
    pads_sha256 TEXT NOT NULL,
    level BLOB,
    level_rows INTEGER NOT NULL,
    level_cols INTEGER NOT NULL,
    level_sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX inspections_picture ON inspections (picture_id, id);

CREATE TABLE verdicts (
    inspection_id INTEGER NOT NULL REFERENCES inspections (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    pad TEXT NOT NULL,
    verdict TEXT NOT NULL,
    level REAL,
    usable_fraction REAL,
    result TEXT NOT NULL,
    PRIMARY KEY (inspection_id, seq)
) STRICT;
CREATE INDEX verdicts_pad ON verdicts (pad, verdict);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    offset_min INTEGER NOT NULL,
    session TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    author TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
CREATE TRIGGER audit_append_only BEFORE INSERT ON audit
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'audit rows are only appended'); END;
"""

LABELS = """
CREATE TABLE classes (
    value INTEGER PRIMARY KEY CHECK (value BETWEEN 1 AND 255),
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    colour TEXT NOT NULL,
    position INTEGER NOT NULL,
    retired INTEGER NOT NULL
) STRICT;

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    picture_id INTEGER NOT NULL REFERENCES pictures (id),
    author TEXT NOT NULL,
    state TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
CREATE INDEX labels_picture ON labels (picture_id, id);

CREATE TABLE label_chunks (
    label_id INTEGER NOT NULL REFERENCES labels (id),
    chunk_row INTEGER NOT NULL,
    chunk_col INTEGER NOT NULL,
    data BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (label_id, chunk_row, chunk_col)
) STRICT;

CREATE TABLE edits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    label_id INTEGER NOT NULL REFERENCES labels (id),
    author TEXT NOT NULL,
    tool TEXT NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('done', 'undone', 'dropped')),
    data BLOB NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX edits_label ON edits (label_id, state, id);

CREATE TABLE merged_history (
    project_uid TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    offset_min INTEGER NOT NULL,
    session TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    author TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (project_uid, seq)
) STRICT;
CREATE TRIGGER merged_history_no_update BEFORE UPDATE ON merged_history
    BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER merged_history_no_delete BEFORE DELETE ON merged_history
    BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
CREATE TRIGGER merged_history_append_only BEFORE INSERT ON merged_history
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM merged_history WHERE project_uid = NEW.project_uid)
    BEGIN SELECT RAISE(ABORT, 'audit rows are only appended'); END;
"""

WATCHED = """
CREATE TABLE watched_folders (
    folder TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    active INTEGER NOT NULL
) STRICT;

CREATE TABLE seen_files (
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('found', 'inspected', 'failed', 'damaged', 'passed')),
    at TEXT NOT NULL,
    PRIMARY KEY (folder, name)
) STRICT;
"""

MEASUREMENTS = """
CREATE TABLE measurements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    picture_id INTEGER NOT NULL REFERENCES pictures (id),
    kind TEXT NOT NULL,
    points TEXT NOT NULL,
    author TEXT NOT NULL,
    at TEXT NOT NULL,
    removed INTEGER NOT NULL
) STRICT;
CREATE INDEX measurements_picture ON measurements (picture_id, id);
"""

REVIEWS = """
CREATE TABLE inspection_pictures (
    inspection_id INTEGER NOT NULL REFERENCES inspections (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    picture_id INTEGER NOT NULL REFERENCES pictures (id),
    level BLOB,
    level_rows INTEGER NOT NULL,
    level_cols INTEGER NOT NULL,
    level_sha256 TEXT NOT NULL,
    PRIMARY KEY (inspection_id, seq)
) STRICT;
CREATE INDEX inspection_pictures_picture ON inspection_pictures (picture_id, inspection_id);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    inspection_id INTEGER NOT NULL REFERENCES inspections (id) ON DELETE CASCADE,
    pad TEXT NOT NULL,
    decision TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_inspection ON decisions (inspection_id, id);

CREATE TABLE signatures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    inspection_id INTEGER NOT NULL REFERENCES inspections (id) ON DELETE CASCADE,
    action TEXT NOT NULL CHECK (action IN ('signed', 'reopened')),
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    pads_sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX signatures_inspection ON signatures (inspection_id, id);
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("pictures, layouts, models, inspections, verdicts, audit", FIRST),
    ("classes, labels, edits, histories of merged projects", LABELS),
    ("watched folders, files seen in them", WATCHED),
    ("measurements on pictures", MEASUREMENTS),
    ("further pictures of an inspection, decisions about pads, signatures", REVIEWS),
)
"""(what it brings, SQL), in order; a project of version n has seen the first n."""


def statements(sql: str) -> list[str]:
    """The single statements of a script, triggers whole, so that all of them can stand in one transaction."""
    found, part = [], ""
    for line in sql.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part.strip())
            part = ""
    return found

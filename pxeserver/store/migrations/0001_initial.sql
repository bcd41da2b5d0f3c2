CREATE TABLE machines (
    mac        TEXT PRIMARY KEY,
    uuid       TEXT NOT NULL,
    serial     TEXT NOT NULL,
    arch       TEXT NOT NULL,
    address    TEXT NOT NULL,
    seen_at    REAL NOT NULL    -- Unix seconds of the latest boot-script request
) WITHOUT ROWID;

CREATE TABLE boots (
    machine      TEXT NOT NULL,
    number       INTEGER NOT NULL,
    started_at   REAL NOT NULL,
    has_script   INTEGER NOT NULL DEFAULT 0,
    token_sha256 TEXT NOT NULL DEFAULT '',
    address      TEXT NOT NULL DEFAULT '',   -- where the boot script was asked from
    script_at    REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (machine, number)
) WITHOUT ROWID;
CREATE INDEX boots_by_address ON boots (address, script_at);

CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    machine     TEXT NOT NULL,
    boot        INTEGER NOT NULL,
    at          REAL NOT NULL,
    step        TEXT NOT NULL,
    result      TEXT NOT NULL,
    duration_ms INTEGER,
    message     TEXT NOT NULL,
    path        TEXT,
    attempt     INTEGER NOT NULL
);
CREATE INDEX events_by_boot ON events (machine, boot, id);

CREATE TABLE leases (
    address        TEXT PRIMARY KEY,
    mac            TEXT NOT NULL,
    state          TEXT NOT NULL,
    expires_unix_s INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE discovery_tokens (
    token      TEXT PRIMARY KEY,
    group_name TEXT,             -- NULL: made by GET /discovery/new
    size       INTEGER NOT NULL,
    created_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX discovery_tokens_by_group ON discovery_tokens (group_name, created_at);

CREATE TABLE discovery_changes (
    token  TEXT NOT NULL REFERENCES discovery_tokens (token),
    idx    INTEGER NOT NULL,
    action TEXT NOT NULL,
    member TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (token, idx)     -- two writers can never both be next
) WITHOUT ROWID;

-- Where members registered from, and which of those addresses were given the whole membership:
-- what is needed to know that a member cannot have started yet.
CREATE TABLE discovery_homes (
    token   TEXT NOT NULL REFERENCES discovery_tokens (token),
    member  TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (token, member, address)
) WITHOUT ROWID;

CREATE TABLE discovery_told (
    token   TEXT NOT NULL REFERENCES discovery_tokens (token),
    address TEXT NOT NULL,
    PRIMARY KEY (token, address)
) WITHOUT ROWID;

-- +goose Up
-- key is the first eight bytes of the indicator's UUIDv5: an integer key keeps
-- ten million rows small. Lists are JSON text, '' when empty.
CREATE TABLE intel_indicator (
    key         BIGINT PRIMARY KEY,
    type        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    names       TEXT    NOT NULL,
    tags        TEXT    NOT NULL,
    confidence  INTEGER NOT NULL,
    tlp         INTEGER NOT NULL,
    layer       TEXT    NOT NULL,
    kill_chain  TEXT    NOT NULL,
    valid_from  BIGINT  NOT NULL,
    valid_until BIGINT  NOT NULL, -- 0 = does not expire by itself
    first_seen  BIGINT  NOT NULL,
    last_seen   BIGINT  NOT NULL,
    revoked     BOOLEAN NOT NULL,
    claimed     BOOLEAN NOT NULL, -- at least one source still claims it
    pinned_by   TEXT    NOT NULL
);
CREATE INDEX intel_indicator_until ON intel_indicator (valid_until);
CREATE INDEX intel_indicator_last ON intel_indicator (last_seen, key);

CREATE TABLE intel_source (
    key         BIGINT  NOT NULL,
    source      TEXT    NOT NULL,
    run         TEXT    NOT NULL,
    first_added BIGINT  NOT NULL,
    last_seen   BIGINT  NOT NULL,
    confidence  INTEGER NOT NULL,
    until       BIGINT  NOT NULL, -- as the source says, 0 = it does not
    names       TEXT    NOT NULL,
    tags        TEXT    NOT NULL,
    note        TEXT    NOT NULL, -- JSON: comment, reference, external id, tlp, kill chain ...
    withdrawn   BOOLEAN NOT NULL,
    PRIMARY KEY (key, source)
);
CREATE INDEX intel_source_run ON intel_source (source, run);

-- Every name an indicator carries, folded for comparison.
CREATE TABLE intel_name (
    name TEXT   NOT NULL,
    key  BIGINT NOT NULL,
    PRIMARY KEY (name, key)
);

CREATE TABLE intel_entity (
    id          TEXT PRIMARY KEY, -- STIX id
    type        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    attack_id   TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    modified    BIGINT  NOT NULL,
    revoked     BOOLEAN NOT NULL,
    data        TEXT    NOT NULL -- the entity whole, JSON
);
CREATE INDEX intel_entity_type ON intel_entity (type, name);

CREATE TABLE intel_entity_name (
    name   TEXT NOT NULL, -- folded
    entity TEXT NOT NULL,
    PRIMARY KEY (name, entity)
);
CREATE INDEX intel_entity_name_entity ON intel_entity_name (entity);

CREATE TABLE intel_relation (
    from_kind TEXT NOT NULL,
    from_id   TEXT NOT NULL,
    type      TEXT NOT NULL,
    to_kind   TEXT NOT NULL,
    to_id     TEXT NOT NULL,
    source    TEXT NOT NULL,
    PRIMARY KEY (from_id, type, to_id, source)
);
CREATE INDEX intel_relation_to ON intel_relation (to_id);

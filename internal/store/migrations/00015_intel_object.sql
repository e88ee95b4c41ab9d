-- +goose Up
-- STIX objects as they came, each version that each source published. seq is the
-- order in which they arrived; modified is 0 for objects without versions.
CREATE TABLE intel_object (
    seq      BIGINT PRIMARY KEY,
    id       TEXT    NOT NULL,
    source   TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    modified BIGINT  NOT NULL,
    added    BIGINT  NOT NULL,
    tlp      INTEGER NOT NULL,
    raw      TEXT    NOT NULL
);
CREATE UNIQUE INDEX intel_object_version ON intel_object (id, source, modified);
CREATE INDEX intel_object_added ON intel_object (added, seq);

-- Indicators in the order in which they came.
CREATE INDEX intel_indicator_first ON intel_indicator (first_seen, key);

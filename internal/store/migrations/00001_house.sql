-- +goose Up
-- What every capability relies on: the audit chain and the outbox.
-- Times are microseconds since 1970 (UTC), 0 = none; lists are JSON text.
CREATE TABLE audit_log (
    seq    BIGINT PRIMARY KEY,
    time   BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    name   TEXT   NOT NULL,
    verb   TEXT   NOT NULL,
    target TEXT   NOT NULL,
    reason TEXT   NOT NULL,
    detail TEXT   NOT NULL,
    prev   TEXT   NOT NULL,
    hash   TEXT   NOT NULL
);
CREATE INDEX audit_log_target ON audit_log (target, seq);

-- seq must never be given twice, also not after all facts were forgotten: a
-- plain INTEGER PRIMARY KEY would reuse it on SQLite. Both engines know
-- GENERATED columns differently, so the sequence is a one-row table.
CREATE TABLE outbox_seq (next BIGINT NOT NULL);
INSERT INTO outbox_seq (next) VALUES (1);
CREATE TABLE outbox (
    seq   BIGINT PRIMARY KEY,
    topic TEXT   NOT NULL,
    kind  TEXT   NOT NULL,
    id    TEXT   NOT NULL,
    time  BIGINT NOT NULL
);

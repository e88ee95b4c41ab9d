-- +goose Up
-- What matchers found in a lot of events, until the keeper takes it. A lot that was
-- taken stays, without its data, until nobody can hand it out again.
CREATE TABLE queue_lot (
    lot     BIGINT NOT NULL PRIMARY KEY,
    matcher TEXT NOT NULL,
    at      BIGINT NOT NULL,
    records BIGINT NOT NULL,
    taken   BOOLEAN NOT NULL,
    data    TEXT NOT NULL
);
CREATE INDEX queue_lot_waiting ON queue_lot (lot) WHERE NOT taken;
-- How often a lot that came before was begun with.
CREATE TABLE queue_attempt (
    lot      BIGINT NOT NULL PRIMARY KEY,
    attempts BIGINT NOT NULL
);
-- Where the numbers of the lots of a stream begin, by when it was made.
CREATE TABLE queue_stream (
    created BIGINT NOT NULL PRIMARY KEY,
    base    BIGINT NOT NULL
);
-- floor: no lot up to it comes again. Topics: how often something was announced.
CREATE TABLE queue_counter (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
-- Who keeps: writes hold the row of the lease, beats do not touch it.
CREATE TABLE queue_lease (
    name   TEXT NOT NULL PRIMARY KEY,
    epoch  BIGINT NOT NULL,
    holder TEXT NOT NULL,
    since  BIGINT NOT NULL
);
INSERT INTO queue_lease (name, epoch, holder, since) VALUES ('keep', 0, '', 0);
CREATE TABLE queue_beat (
    name TEXT NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL
);
INSERT INTO queue_beat (name, beat) VALUES ('keep', 0);
-- The processes that share the work, as each tells of itself.
CREATE TABLE queue_process (
    id   TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    at   BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE TABLE queue_house (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

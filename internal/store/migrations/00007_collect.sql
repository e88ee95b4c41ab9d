-- +goose Up
CREATE TABLE collect_feed (
    id   TEXT PRIMARY KEY,
    data TEXT NOT NULL
);
CREATE TABLE collect_state (
    feed TEXT PRIMARY KEY,
    data TEXT NOT NULL
);
CREATE TABLE collect_run (
    id      TEXT PRIMARY KEY,
    feed    TEXT   NOT NULL,
    started BIGINT NOT NULL,
    data    TEXT   NOT NULL
);
CREATE INDEX collect_run_feed ON collect_run (feed, started);
CREATE INDEX collect_run_started ON collect_run (started);

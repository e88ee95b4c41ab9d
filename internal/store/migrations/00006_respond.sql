-- +goose Up
CREATE TABLE respond_action (
    id       TEXT PRIMARY KEY,
    state    TEXT   NOT NULL,
    incident TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    expires  BIGINT NOT NULL,
    data     TEXT   NOT NULL
);
CREATE INDEX respond_action_state ON respond_action (state, created);
CREATE INDEX respond_action_incident ON respond_action (incident);

CREATE TABLE respond_list (
    id         TEXT PRIMARY KEY,
    serial     BIGINT NOT NULL,
    fetched    BIGINT NOT NULL,
    fetched_by TEXT   NOT NULL,
    data       TEXT   NOT NULL
);

-- +goose Up
-- What was decided about proposals to suppress a rule somewhere.
CREATE TABLE alert_suppression (
    id   TEXT PRIMARY KEY,
    at   BIGINT NOT NULL,
    data TEXT   NOT NULL
);

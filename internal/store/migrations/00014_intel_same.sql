-- +goose Up
-- What analysts decided about two entities: that they are the same thing, or not.
-- a < b.
CREATE TABLE intel_same (
    a    TEXT    NOT NULL,
    b    TEXT    NOT NULL,
    same BOOLEAN NOT NULL,
    by_  TEXT    NOT NULL,
    why  TEXT    NOT NULL,
    at   BIGINT  NOT NULL,
    PRIMARY KEY (a, b)
);
CREATE INDEX intel_same_b ON intel_same (b);

-- +goose Up
-- What analysts say of actors: that one targets us, or does not. It wins over what
-- is read out of sources.
CREATE TABLE intel_targeting (
    entity  TEXT PRIMARY KEY, -- STIX id
    targets BOOLEAN NOT NULL,
    by_     TEXT    NOT NULL,
    why     TEXT    NOT NULL,
    at      BIGINT  NOT NULL
);

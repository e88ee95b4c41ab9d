-- +goose Up
CREATE TABLE identity_user (
    id       TEXT PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    role     TEXT    NOT NULL,
    password TEXT    NOT NULL, -- Argon2id, PHC form
    created  BIGINT  NOT NULL,
    disabled BOOLEAN NOT NULL,
    theme    TEXT    NOT NULL
);
CREATE TABLE identity_session (
    hash       TEXT PRIMARY KEY, -- SHA-256 of the cookie's secret
    user_id    TEXT   NOT NULL,
    created    BIGINT NOT NULL,
    seen       BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX identity_session_user ON identity_session (user_id);
CREATE TABLE identity_token (
    id      TEXT PRIMARY KEY,
    name    TEXT    NOT NULL,
    hash    TEXT    NOT NULL UNIQUE, -- SHA-256 of the token
    role    TEXT    NOT NULL,
    created BIGINT  NOT NULL,
    expires BIGINT  NOT NULL, -- 0 = never
    used    BIGINT  NOT NULL,
    revoked BOOLEAN NOT NULL
);
CREATE TABLE identity_setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Up
CREATE TABLE org_profile (
    version BIGINT PRIMARY KEY,
    file    TEXT   NOT NULL, -- YAML as imported
    time    BIGINT NOT NULL,
    by_name TEXT   NOT NULL
);

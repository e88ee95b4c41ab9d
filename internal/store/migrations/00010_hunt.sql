-- +goose Up
-- Looks back over the history. data holds the object whole as JSON.
CREATE TABLE hunt_job (
    id      TEXT PRIMARY KEY,
    open    BOOLEAN NOT NULL, -- waits or runs
    created BIGINT  NOT NULL,
    data    TEXT    NOT NULL
);
CREATE INDEX hunt_job_created ON hunt_job (created);
-- Up to where everything that is new is in a job: one row.
CREATE TABLE hunt_place (
    id   BIGINT PRIMARY KEY,
    data TEXT NOT NULL
);
-- Hunts that people keep, with what came of them, and lists of values.
CREATE TABLE hunt_saved (
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE TABLE hunt_list (
    name TEXT PRIMARY KEY,
    data TEXT NOT NULL
);

-- +goose Up
-- Hosts of ours that were seen in traffic and that no asset names; data holds one as JSON.
CREATE TABLE org_stranger (
    address TEXT PRIMARY KEY,
    data    TEXT NOT NULL
);

-- +goose Up
-- Stolen credentials that concern us, without their passwords; data holds one as JSON.
CREATE TABLE leak_record (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    first   BIGINT NOT NULL,
    data    TEXT NOT NULL
);
CREATE INDEX leak_record_account ON leak_record (account);
CREATE INDEX leak_record_first ON leak_record (first);
-- What is known of breaches.
CREATE TABLE leak_breach (
    name TEXT PRIMARY KEY,
    data TEXT NOT NULL
);
-- Which accounts alerts name, so that what is learnt of one later finds them.
CREATE TABLE alert_account (
    account     TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    here        BOOLEAN NOT NULL, -- it was at work on the host
    about       BOOLEAN NOT NULL, -- a detection is about its use
    PRIMARY KEY (account, fingerprint)
);
CREATE INDEX alert_account_fingerprint ON alert_account (fingerprint);

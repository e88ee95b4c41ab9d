-- +goose Up
-- Reports and what was found in them. data holds the object whole as JSON; the
-- other columns are what is searched or sorted by.
CREATE TABLE report_report (
    id    TEXT PRIMARY KEY,
    hash  TEXT   NOT NULL UNIQUE, -- SHA-256 of the file
    added BIGINT NOT NULL,
    data  TEXT   NOT NULL
);
CREATE INDEX report_report_added ON report_report (added);
CREATE TABLE report_text (
    report TEXT PRIMARY KEY,
    text   TEXT NOT NULL
);
CREATE TABLE report_finding (
    report TEXT   NOT NULL,
    seq    BIGINT NOT NULL,
    data   TEXT   NOT NULL,
    PRIMARY KEY (report, seq)
);

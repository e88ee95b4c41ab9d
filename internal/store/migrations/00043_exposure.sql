-- +goose Up
-- What sources say of vulnerabilities; data holds a record as JSON.
CREATE TABLE exposure_vulnerability (
    cve    TEXT NOT NULL,
    source TEXT NOT NULL,
    data   TEXT NOT NULL,
    PRIMARY KEY (cve, source)
);

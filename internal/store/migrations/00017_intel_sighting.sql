-- +goose Up
-- What analysts' verdicts said of an indicator: how often it was met in a real
-- attack, and in a false alarm.
CREATE TABLE intel_sighting (
    key       BIGINT PRIMARY KEY,
    confirmed BIGINT NOT NULL,
    refuted   BIGINT NOT NULL,
    last      BIGINT NOT NULL -- the last time it was met in a real attack
);
-- Which verdict counted for which incident, so that a changed mind counts once.
CREATE TABLE intel_verdict (
    incident TEXT   NOT NULL,
    key      BIGINT NOT NULL,
    kind     TEXT   NOT NULL, -- confirmed, refuted
    at       BIGINT NOT NULL,
    PRIMARY KEY (incident, key)
);

-- +goose Up
-- What the audit of feeds counts. It is kept up to date by every write, so that a
-- page never intersects sets.

-- How many indicators exactly these sources claim; sources are sorted JSON.
CREATE TABLE intel_combination (
    sources TEXT PRIMARY KEY,
    n       BIGINT NOT NULL
);
-- What a source added and withdrew on a day (days since 1970, UTC).
CREATE TABLE intel_feed_day (
    source  TEXT   NOT NULL,
    day     BIGINT NOT NULL,
    adds    BIGINT NOT NULL,
    removes BIGINT NOT NULL,
    PRIMARY KEY (source, day)
);
-- How many indicators a source had so many minutes after the first source had
-- them ("latency"), or claimed for so many days until it withdrew them ("age").
CREATE TABLE intel_feed_spread (
    source TEXT   NOT NULL,
    kind   TEXT   NOT NULL,
    value  BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    PRIMARY KEY (source, kind, value)
);
-- When the first good run of a source ended: when it really added what it had by
-- then is not known.
CREATE TABLE intel_feed (
    source  TEXT PRIMARY KEY,
    settled BIGINT NOT NULL,
    listed  TEXT   NOT NULL -- JSON: what of it stands on warning lists, as last looked at
);

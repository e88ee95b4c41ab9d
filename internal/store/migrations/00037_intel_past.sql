-- +goose Up
-- What was said, and what it amounted to, before it became what it is: a row for each
-- change, none for a mere confirmation. source '' = the indicator itself.
CREATE TABLE intel_past (
    key    BIGINT NOT NULL,
    source TEXT   NOT NULL,
    since  BIGINT NOT NULL,
    until  BIGINT NOT NULL,
    was    TEXT   NOT NULL, -- JSON
    PRIMARY KEY (key, source, since)
) /*sqlite: WITHOUT ROWID*/;

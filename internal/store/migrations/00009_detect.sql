-- +goose Up
-- Detection rules. data holds the object whole as JSON; the other columns are
-- what is searched, joined or sorted by.
CREATE TABLE detect_pack (
    name TEXT PRIMARY KEY,
    data TEXT NOT NULL
);
CREATE TABLE detect_rule (
    id      TEXT PRIMARY KEY,
    pack    TEXT    NOT NULL,
    title   TEXT    NOT NULL,
    level   TEXT    NOT NULL,
    product TEXT    NOT NULL, -- lower case
    enabled BOOLEAN NOT NULL,
    hash    TEXT    NOT NULL, -- of the file it stands in
    search  TEXT    NOT NULL, -- lower case: title, id, file
    data    TEXT    NOT NULL
);
CREATE INDEX detect_rule_pack ON detect_rule (pack);
CREATE INDEX detect_rule_title ON detect_rule (title, id);
CREATE TABLE detect_tag (
    rule TEXT NOT NULL,
    tag  TEXT NOT NULL, -- lower case
    PRIMARY KEY (rule, tag)
);
CREATE INDEX detect_tag_tag ON detect_tag (tag);
CREATE TABLE detect_text (
    hash TEXT PRIMARY KEY,
    text TEXT NOT NULL
);
CREATE TABLE detect_version (
    rule    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    hash    TEXT   NOT NULL,
    time    BIGINT NOT NULL,
    by_name TEXT   NOT NULL,
    PRIMARY KEY (rule, version)
);
CREATE TABLE detect_source_switch (
    source TEXT PRIMARY KEY, -- product/category/service
    data   TEXT NOT NULL
);
CREATE TABLE detect_exception (
    id       TEXT PRIMARY KEY,
    rule     TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    hits     BIGINT NOT NULL,
    last_hit BIGINT NOT NULL,
    data     TEXT   NOT NULL
);
CREATE INDEX detect_exception_rule ON detect_exception (rule, created);
CREATE TABLE detect_backtest (
    id      TEXT PRIMARY KEY,
    rule    TEXT   NOT NULL,
    started BIGINT NOT NULL,
    data    TEXT   NOT NULL
);
CREATE INDEX detect_backtest_rule ON detect_backtest (rule, started);
CREATE INDEX detect_backtest_started ON detect_backtest (started);
-- Events by log source and day.
CREATE TABLE detect_seen (
    product  TEXT   NOT NULL,
    category TEXT   NOT NULL,
    service  TEXT   NOT NULL,
    day      TEXT   NOT NULL, -- 2006-01-02, UTC
    events   BIGINT NOT NULL,
    PRIMARY KEY (product, category, service, day)
);
CREATE INDEX detect_seen_day ON detect_seen (day);
-- What a consumer of events remembers up to a record, as JSON.
CREATE TABLE consumer_memory (
    consumer TEXT PRIMARY KEY,
    seq      BIGINT NOT NULL,
    state    TEXT   NOT NULL
);

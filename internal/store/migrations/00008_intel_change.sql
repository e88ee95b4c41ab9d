-- +goose Up
-- Which indicators began or ceased to be live by a write, so that an index need
-- not be built anew for a few of them. A row is a write; only the latest are
-- kept. total counts the keys of this row and all before it; keys are eight
-- bytes each, base64. token is random: it tells databases apart whose numbers
-- are the same.
CREATE TABLE intel_change_seq (next BIGINT NOT NULL);
INSERT INTO intel_change_seq (next) VALUES (1);
CREATE TABLE intel_change (
    seq   BIGINT PRIMARY KEY,
    token BIGINT NOT NULL,
    total BIGINT NOT NULL,
    keys  TEXT   NOT NULL
);

-- +goose Up
-- How many indicators there are, kept by every write: claimed and not revoked, by type
-- and by the hour (since 1970) in which they expire, the last hour there is when they
-- do not. Under the type '' stand all, whatever became of them.
CREATE TABLE intel_count (
    hour BIGINT NOT NULL,
    type TEXT   NOT NULL,
    n    BIGINT NOT NULL,
    PRIMARY KEY (hour, type)
);
INSERT INTO intel_count (hour, type, n)
    SELECT CASE WHEN valid_until = 0 THEN 9223372036854775807 ELSE valid_until / 3600000000 END, type, COUNT(*)
    FROM intel_indicator WHERE NOT revoked AND claimed GROUP BY 1, 2;
INSERT INTO intel_count (hour, type, n) SELECT 0, '', COUNT(*) FROM intel_indicator;

-- +goose Up
-- What the verdict on each incident teaches the ranking.
CREATE TABLE alert_lesson (
    incident TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    data     TEXT   NOT NULL
);
CREATE INDEX alert_lesson_at ON alert_lesson (at);

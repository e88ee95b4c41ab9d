-- +goose Up
-- What is usual where: how often each kind of detection fires in the organisation
-- (entity '') and on each host or account. rule '' = the entity itself, both '' =
-- when the memory began.
CREATE TABLE alert_habit (
    entity TEXT   NOT NULL,
    rule   TEXT   NOT NULL,
    at     BIGINT NOT NULL, -- last seen, Unix seconds
    data   TEXT   NOT NULL,
    PRIMARY KEY (entity, rule)
);
CREATE INDEX alert_habit_at ON alert_habit (at);
-- The session that goes on, per host or account.
CREATE TABLE alert_session (
    entity TEXT PRIMARY KEY,
    data   TEXT NOT NULL
);
-- When something rare last fired in an incident.
ALTER TABLE alert_incident ADD COLUMN rare BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alert_incident_rare ON alert_incident (state, rare);
-- What analysts took apart, by the way it had been joined: entities, or reasons on
-- one entity, that are not joined in that way again.
CREATE TABLE alert_cut (
    how    TEXT   NOT NULL,
    value  TEXT   NOT NULL,
    a      TEXT   NOT NULL,
    b      TEXT   NOT NULL,
    person TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (how, value, a, b)
);

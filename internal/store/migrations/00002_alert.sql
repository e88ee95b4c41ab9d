-- +goose Up
-- Detections, alerts, incidents. data holds the object whole as JSON; the other
-- columns are what is searched, joined or sorted by.
CREATE TABLE alert_detection (
    id       TEXT PRIMARY KEY,
    alert    TEXT   NOT NULL, -- fingerprint
    time     BIGINT NOT NULL,
    reason   TEXT   NOT NULL,
    entity   TEXT   NOT NULL,
    value    TEXT   NOT NULL, -- the observable
    data     TEXT   NOT NULL
);
CREATE INDEX alert_detection_alert ON alert_detection (alert, time);
CREATE INDEX alert_detection_value ON alert_detection (value, time);

CREATE TABLE alert_alert (
    fingerprint TEXT PRIMARY KEY,
    incident    TEXT    NOT NULL, -- '' = suppressed
    reason      TEXT    NOT NULL,
    entity      TEXT    NOT NULL,
    first       BIGINT  NOT NULL,
    last        BIGINT  NOT NULL,
    count       BIGINT  NOT NULL,
    suppressed  BOOLEAN NOT NULL,
    data        TEXT    NOT NULL
);
CREATE INDEX alert_alert_incident ON alert_alert (incident);
CREATE INDEX alert_alert_reason ON alert_alert (reason, entity);
CREATE INDEX alert_alert_entity ON alert_alert (entity);

CREATE TABLE alert_incident (
    id       TEXT PRIMARY KEY,
    number   BIGINT  NOT NULL UNIQUE,
    state    TEXT    NOT NULL,
    verdict  TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    priority BIGINT  NOT NULL,
    level    TEXT    NOT NULL,
    first    BIGINT  NOT NULL,
    last     BIGINT  NOT NULL,
    text     TEXT    NOT NULL, -- lower case: title, entities, names; for search
    data     TEXT    NOT NULL
);
CREATE INDEX alert_incident_queue ON alert_incident (state, priority, last, id);
CREATE INDEX alert_incident_last ON alert_incident (state, last);

-- The names (campaign, malware, actor) of an incident, folded to lower case.
CREATE TABLE alert_incident_name (
    incident TEXT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (incident, name)
);
CREATE INDEX alert_incident_name_name ON alert_incident_name (name);

CREATE TABLE alert_timeline (
    incident TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    time     BIGINT NOT NULL,
    data     TEXT   NOT NULL,
    PRIMARY KEY (incident, seq)
);

CREATE TABLE checkpoint (
    consumer TEXT PRIMARY KEY,
    seq      BIGINT NOT NULL
);

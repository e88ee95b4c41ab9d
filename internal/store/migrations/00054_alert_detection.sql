-- +goose Up
-- Detections by their event, whose numbers grow: what is new comes to the end of the
-- index instead of anywhere in it. An id is derived from the event and the reason.
CREATE TABLE alert_detection_by_event (
    event TEXT   NOT NULL,
    id    TEXT   NOT NULL,
    alert TEXT   NOT NULL, -- fingerprint
    time  BIGINT NOT NULL,
    value TEXT   NOT NULL, -- the observable
    data  TEXT   NOT NULL,
    PRIMARY KEY (event, id)
);
INSERT INTO alert_detection_by_event (event, id, alert, time, value, data)
SELECT /*sqlite: json_extract(data, '$.event.id')*/ /*postgres: data::json->'event'->>'id'*/, id, alert, time, value, data FROM alert_detection;
DROP TABLE alert_detection;
ALTER TABLE alert_detection_by_event RENAME TO alert_detection;
CREATE INDEX alert_detection_alert ON alert_detection (alert, time);
CREATE INDEX alert_detection_value ON alert_detection (value, time) WHERE value <> '';

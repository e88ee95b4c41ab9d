-- +goose Up
-- Counts the transactions that write alerts and incidents: who kept in memory what
-- is stored sees whether somebody else wrote since.
CREATE TABLE alert_turn (
    turn BIGINT NOT NULL
);
INSERT INTO alert_turn (turn) VALUES (0);
-- Few detections of rules have a value; those of one alert are found by its index.
DROP INDEX alert_detection_value;
CREATE INDEX alert_detection_value ON alert_detection (value, time) WHERE value <> '';
-- Nothing asks for the open incidents by time.
DROP INDEX alert_incident_last;
DROP INDEX alert_incident_rare;

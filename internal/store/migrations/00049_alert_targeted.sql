-- +goose Up
-- Alerts of attacks on a vulnerability: what is learnt of it later concerns them.
ALTER TABLE alert_alert ADD COLUMN targeted BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE alert_alert SET targeted = TRUE WHERE data LIKE '%"target":{"cve":%';
CREATE INDEX alert_alert_targeted ON alert_alert (fingerprint) WHERE targeted;

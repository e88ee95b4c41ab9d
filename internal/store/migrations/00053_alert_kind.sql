-- +goose Up
-- Whether an alert is about a host or an account: what is learnt of a person concerns it.
ALTER TABLE alert_alert ADD COLUMN kind TEXT NOT NULL DEFAULT 'host';
UPDATE alert_alert SET kind = 'user' WHERE data LIKE '%"entity":{"kind":"user"%';

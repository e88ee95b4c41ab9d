-- +goose Up
-- Who was at work where an alert fired: what is learnt of a person concerns it.
ALTER TABLE alert_alert ADD COLUMN kind TEXT NOT NULL DEFAULT 'host';
ALTER TABLE alert_alert ADD COLUMN account TEXT NOT NULL DEFAULT '';
UPDATE alert_alert SET kind = 'user' WHERE data LIKE '%"entity":{"kind":"user"%';

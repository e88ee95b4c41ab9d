// Package content holds what ships with the product as data. [Feeds] is the
// catalogue of public sources, none of which is read unless somebody turns it on;
// [Attack] is the catalogue of MITRE ATT&CK, to be shown with [AttackNotice];
// [WarningLists] are what not to believe a feed about; [Rules] are Sigma rules, and
// [Pipelines] lead such rules to the events they are for. What is returned must
// not be changed.
package content

import _ "embed" // for the files below

//go:embed feeds.yaml
var feeds []byte

// Feeds returns the feed catalogue, a YAML list. Each entry has id, name, url,
// kind (a collect.Parser's), optionally columns, delimiter, type, tags and
// min_level (collect.Options), and interval, snapshot (absence from the list means
// withdrawn), tlp, confidence (1-100, of entries that state none), reliability
// (Admiralty code A-F), category, good_for, licence (as the publisher states it),
// homepage and needs_key.
func Feeds() []byte { return feeds }

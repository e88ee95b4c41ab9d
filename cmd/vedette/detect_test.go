package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format/described"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// TestDetectReadsOnlyWhatCounts: on real events and all public rules, matches,
// their reasons and complaints are the same to the byte whether detect reads every
// event or only those that a rule matches by their bytes.
func TestDetectReadsOnlyWhatCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("reads real data twice")
	}
	args := []string{"-why", "-rules", realdata.Path(t, "sigma")}
	for _, events := range [][]string{{"suricata", "eve.tar.gz"}, {"panther-tests"}, {"cloudtrail-invictus"}, {"wazuh-logs"}, {"sigma-regression"}, {"otrf", "atomic", "windows", "lateral_movement"}} {
		args = append(args, realdata.Path(t, events...))
	}
	sameAsFull(t, 500, append([]string{"detect"}, args...)...)
}

// ownRules read events of all formats by their own names.
const ownRules = `
title: Refused
name: refused
logsource: {product: vedette, category: event}
detection: {selection: {event.action: [blocked, denied, dropped]}, condition: selection}
---
title: Failed
logsource: {product: vedette, category: event}
detection: {selection: {event.outcome: failure, user.name|exists: true}, filter: {source.ip: null}, condition: selection and not filter}
---
title: Web
logsource: {product: vedette, category: event}
detection: {selection: {destination.port: [80, 443]}, url: {url.full|re: '^https?://'}, condition: 1 of *}
---
title: Severe
logsource: {product: vedette, category: event}
detection: {selection: {fortigate.level: [warning, alert]}, panos: {panos.type: THREAT}, time: {event.created|exists: true}, condition: 1 of *}
---
title: Refused often
correlation: {type: event_count, rules: [refused], group-by: [observer.name, source.ip], timespan: 1d, condition: {gte: 2}}
`

// TestDetectReadsWhatRulesRead: the same of the samples of all formats that are described,
// as they are and as syslog carries them.
func TestDetectReadsWhatRulesRead(t *testing.T) {
	files, err := content.Formats()
	if err != nil {
		t.Fatal(err)
	}
	var alone, carried strings.Builder
	for name, text := range files {
		ds, err := described.Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range ds {
			for _, c := range d.Tests {
				for range 2 {
					alone.WriteString(c.Record + "\n")
				}
				for line := range strings.Lines(c.Record) {
					carried.WriteString("<134>Mar  2 10:00:00 gate1 " + d.Name + "[7]: " + strings.TrimSpace(line) + "\n")
				}
			}
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"own.yml": ownRules, "alone.log": alone.String(), "carried.log": carried.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"detect", "-why", "-rules", filepath.Join(dir, "own.yml"), filepath.Join(dir, "alone.log"), filepath.Join(dir, "carried.log")}
	sameAsFull(t, 500, args...)
}

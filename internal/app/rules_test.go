package app_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/sigma"
)

const houseRules = `title: Backups deleted
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a01
author: R. Author
license: CC0-1.0
level: high
tags: [attack.impact, attack.t1490]
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\backupctl.exe', CommandLine|contains|all: [delete, sets]}
  condition: selection
---
title: Failed logon
name: failed_logon
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a02
level: informational
status: unsupported
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625}
  condition: selection
---
title: Many failed logons
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03
level: medium
tags: [attack.credential-access, attack.t1110]
correlation:
  type: event_count
  rules: [failed_logon]
  group-by: [TargetUserName]
  timespan: 10m
  condition: {gte: 5}
`

const backupRule = "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a01"

// pack is an archive with one file of rules.
func pack(t *testing.T, text string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "rules.yml", Mode: 0o600, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// logon is a failed logon, started is a new process, at a time.
func logon(at time.Time, user string, n int) map[string]any {
	return map[string]any{
		"EventTime": at.Format("2006-01-02 15:04:05"), "@timestamp": at.Format(time.RFC3339), "Channel": "Security", "EventID": 4625, "Hostname": "dc1.example",
		"SourceName": "Microsoft-Windows-Security-Auditing", "TargetUserName": user, "RecordNumber": n,
	}
}

func started(at time.Time, user, commandLine string) map[string]any {
	return map[string]any{
		"@timestamp": at.Format(time.RFC3339), "UtcTime": at.Format("2006-01-02 15:04:05.000"), "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
		"SourceName": "Microsoft-Windows-Sysmon", "Hostname": "srv7.example", "Image": `C:\Program Files\Backup\backupctl.exe`, "CommandLine": commandLine, "User": user,
	}
}

func queue(t *testing.T, h house) []alert.Incident {
	t.Helper()
	return ask[api.Page[alert.Incident]](t, h, "GET", "/incidents", nil).Items
}

// withRules opens a system in which house rules run.
func withRules(t *testing.T) (house, string) {
	t.Helper()
	h := open(t, unprepared)
	return h, furnishRules(t, h)
}

func unprepared(*app.System) error { return nil }

// furnishRules brings the rules in and returns a sender's token.
func furnishRules(t *testing.T, h house) string {
	t.Helper()
	var rep detect.Report
	renewed(t, h, func() { rep = ask[detect.Report](t, h, "POST", "/packs/own", pack(t, houseRules)) })
	if rep.Rules != 2 || rep.Correlations != 1 || len(rep.Refused) != 0 {
		t.Fatalf("import: %+v", rep)
	}
	return ask[api.TokenView](t, h, "POST", "/tokens", map[string]string{"name": "sensor", "role": "sender"}).Secret
}

// renewed does act and waits until the running rules have taken it over: they were
// read after it, or, when that was before its answer came, while it went on, and are
// not read again.
func renewed(t *testing.T, h house, act func()) {
	t.Helper()
	before := time.Now()
	act()
	done := time.Now()
	var last, since time.Time
	for time.Since(done) < time.Minute {
		asOf := ask[api.Health](t, h, "GET", "/health", nil).Rules.AsOf
		if asOf.After(done) {
			return
		}
		if !asOf.Equal(last) {
			last, since = asOf, time.Now()
		}
		if asOf.After(before) && time.Since(since) > 2*time.Second {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the running rules do not change")
}

// What rules matched is counted though nothing comes after it.
func TestRulesAreCountedInSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for ten seconds")
	}
	h, secret := withRules(t)
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	for n := range 2 {
		send(t, h, secret, started(at.Add(time.Duration(n)*time.Second), `EXAMPLE\eve`, `backupctl delete sets /all /quiet`))
		settle(t, h, n+1)
	}
	counted := 0
	for end := time.Now().Add(2 * time.Minute); counted < 2 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		counted = ask[api.RuleView](t, h, "GET", "/rules/"+backupRule, nil).Cover.Matches
	}
	if counted != 2 {
		t.Errorf("%d matches are counted, want 2", counted)
	}
}

func TestRulesRaiseIncidents(t *testing.T) {
	h, secret := withRules(t)
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	send(t, h, secret, started(at, `EXAMPLE\eve`, `backupctl delete sets /all /quiet`), started(at, `EXAMPLE\eve`, `backupctl list sets`))
	settle(t, h, 2)
	in := queue(t, h)
	if len(in) != 1 || !strings.Contains(in[0].Title, "Backups deleted") || len(in[0].Techniques) != 1 || in[0].Techniques[0] != "T1490" || in[0].Detections != 1 {
		t.Fatalf("incidents: %+v", in)
	}
	d := ask[alert.Detail](t, h, "GET", "/incidents/"+in[0].ID, nil)
	r := d.Alerts[0].Detection.Reason
	if r.Kind != alert.ByRule || r.Author != "R. Author" || r.License != "CC0-1.0" || r.Level != "high" || !strings.Contains(strings.Join(r.Evidence, " "), "CommandLine=backupctl delete sets") {
		t.Errorf("reason: %+v", r)
	}
}

func TestExceptionKeepsQuiet(t *testing.T) {
	h, secret := withRules(t)
	renewed(t, h, func() {
		ask[detect.Exception](t, h, "POST", "/rules/"+backupRule+"/exceptions", map[string]string{"where": `User: 'EXAMPLE\svc-backup'`, "reason": "the backup rotates them", "life": "24h"})
	})
	renewed(t, h, func() {
		ask[detect.Report](t, h, "POST", "/packs/filters", pack(t, "title: Labs\nid: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1c01\nlogsource: {product: windows, category: process_creation}\n"+
			"filter: {rules: any, lab: {User|startswith: 'LAB\\'}, condition: not lab}\n"))
	})
	at := time.Now().UTC().Add(-time.Hour)
	send(t, h, secret, started(at, `EXAMPLE\svc-backup`, `backupctl delete sets`), started(at, `EXAMPLE\eve`, `backupctl delete sets`), started(at, `LAB\eve`, `backupctl delete sets`))
	settle(t, h, 3)
	in := queue(t, h)
	if len(in) != 1 || in[0].Detections != 1 {
		t.Fatalf("incidents: %+v", in)
	}
	b := tried(t, h, backupRule)
	if b.Events != 3 || b.Matches != 2 || b.Excepted != 1 || len(b.Samples) != 1 || b.Samples[0].Who == "" {
		t.Errorf("back-test: %+v", b)
	}
}

// tried back-tests a rule over two days.
func tried(t *testing.T, h house, rule string) detect.Backtest {
	t.Helper()
	b := ask[detect.Backtest](t, h, "POST", "/rules/"+rule+"/backtests", map[string]int{"days": 2})
	for b.State != detect.Done && b.State != detect.Failed {
		time.Sleep(20 * time.Millisecond)
		for _, c := range ask[api.Page[detect.Backtest]](t, h, "GET", "/backtests", nil).Items {
			if c.ID == b.ID {
				b = c
			}
		}
	}
	return b
}

const triedRules = `title: Guessed twice
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d01
correlation: {type: event_count, rules: [8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03], group-by: [TargetUserName], timespan: 1d, condition: {gte: 2}}
---
title: Seldom
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d02
correlation: {type: event_count, rules: [failed_logon], group-by: [TargetUserName], timespan: 1h, condition: {lt: 2}}
---
title: Nothing to stand on
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d03
correlation: {type: event_count, rules: [nobody], timespan: 1h, condition: {gte: 2}}
`

// A correlation is tried over the past before it runs: with the rules it stands on, be
// they of its file or of another pack, with their filters and exceptions, and with what
// is open at the end.
func TestBacktestOfCorrelation(t *testing.T) {
	h, secret := withRules(t)
	renewed(t, h, func() {
		ask[detect.Report](t, h, "POST", "/packs/filters", pack(t, "title: Scanner\nid: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1c02\nlogsource: {product: windows, service: security}\n"+
			"filter: {rules: [failed_logon], known: {TargetUserName: scanner}, condition: not known}\n"))
		ask[detect.Exception](t, h, "POST", "/rules/8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a02/exceptions", map[string]string{"where": "TargetUserName: monitor", "reason": "it forgets its password", "life": "24h"})
		ask[detect.Report](t, h, "POST", "/packs/tried", pack(t, triedRules))
		ask[api.Switched](t, h, "POST", "/rules/switch", map[string]any{"rules": []string{
			"8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03", "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d01", "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d02", "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d03",
		}, "on": false, "reason": "to be tried first"})
	})
	day := time.Now().UTC().Add(-24 * time.Hour).Truncate(24 * time.Hour)
	n := 0
	fail := func(at time.Time, user string, times int) (out []map[string]any) {
		for range times {
			n++
			out = append(out, logon(at.Add(time.Duration(n)*time.Second), user, n))
		}
		return out
	}
	morning, noon := day.Add(8*time.Hour), day.Add(12*time.Hour)
	send(t, h, secret, slices.Concat(fail(morning, "alice", 7), fail(morning, "scanner", 7), fail(morning, "monitor", 7), fail(morning, "bob", 5), fail(noon, "alice", 5), fail(noon, "carol", 1))...)
	settle(t, h, n)
	if in := queue(t, h); len(in) != 0 {
		t.Fatalf("what is off raises %+v", in)
	}
	b := tried(t, h, "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03")
	want := []detect.Count{{Value: "alice", N: 2}, {Value: "bob", N: 1}}
	if b.State != detect.Done || b.Events != n || b.Matches != 3 || b.PerDay() != 3 || !slices.Equal(b.Entities, want) || len(b.Samples) != 3 {
		t.Errorf("many failed logons: %+v", b)
	} else if s := b.Samples[0]; s.Event != "31" || s.Who != "alice" || !slices.Equal(s.Why, []string{"5 within 4s", "TargetUserName=alice"}) {
		t.Errorf("the latest of them: %+v", s)
	}
	if b := tried(t, h, "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d01"); b.Matches != 1 || b.Entities[0].Value != "alice" {
		t.Errorf("a correlation above one that is off: %+v", b)
	}
	if b := tried(t, h, "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d02"); b.Matches != 1 || b.Entities[0].Value != "carol" {
		t.Errorf("a window that is open at the end: %+v", b)
	}
	if b := tried(t, h, "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d03"); b.State != detect.Failed || !strings.Contains(b.Problem, `it needs the rule "nobody", which is not there`) {
		t.Errorf("a correlation that cannot work: %+v", b)
	}
	if in := queue(t, h); len(in) != 0 {
		t.Fatalf("a back-test raises %+v", in)
	}
}

func TestCorrelationRaisesOneIncident(t *testing.T) {
	h, secret := withRules(t)
	at := time.Now().UTC().Add(-time.Hour)
	var events []map[string]any
	for i := range 12 {
		user := "alice"
		if i%4 == 3 {
			user = fmt.Sprint("other", i)
		}
		events = append(events, logon(at.Add(time.Duration(i)*time.Second), user, i))
	}
	send(t, h, secret, events...)
	settle(t, h, len(events))
	in := queue(t, h)
	if len(in) != 1 || in[0].Detections != 1 || !strings.Contains(in[0].Title, "Many failed logons") || !strings.Contains(in[0].Title, "alice") {
		t.Fatalf("incidents: %+v", in)
	}
	d := ask[alert.Detail](t, h, "GET", "/incidents/"+in[0].ID, nil)
	if n := len(d.Alerts[0].Detection.Reason.Related); n != 4 {
		t.Errorf("the alarm names %d further events, want 4", n)
	}
}

// What a correlation has seen before a restart counts after it.
func TestCorrelationSurvivesRestart(t *testing.T) {
	dir := apptest.Data(t)
	h, stop := start(t, dir, unprepared)
	secret := furnishRules(t, h)
	at := time.Now().UTC().Add(-time.Hour)
	send(t, h, secret, logon(at, "alice", 1), logon(at.Add(time.Second), "alice", 2), logon(at.Add(2*time.Second), "alice", 3))
	settle(t, h, 3)
	stop()
	h, stop = start(t, dir, unprepared)
	defer stop()
	send(t, h, secret, logon(at.Add(3*time.Second), "alice", 4))
	settle(t, h, 4)
	if in := queue(t, h); len(in) != 0 {
		t.Fatalf("four failures are no alarm: %+v", in)
	}
	send(t, h, secret, logon(at.Add(4*time.Second), "alice", 5))
	settle(t, h, 5)
	in := queue(t, h)
	if len(in) != 1 || !strings.Contains(in[0].Title, "Many failed logons: 5 within 4s") {
		t.Fatalf("incidents after the restart: %+v", in)
	}
}

const chainedRules = `title: Guessed for an hour
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b01
level: high
correlation:
  type: event_count
  rules: [8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03]
  group-by: [TargetUserName]
  timespan: 1h
  condition: {lte: 1}
---
title: Toast burnt
name: toast_burnt
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b02
logsource: {product: toaster}
detection:
  selection: {State: burnt}
  condition: selection
---
title: Toast and logon
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b03
correlation: {type: temporal, rules: [toast_burnt, failed_logon], group-by: [User], timespan: 1h}
`

// A correlation above another is judged when the time of any events has passed the
// end of its window, and is then about its own events; the one below runs for it,
// silent, though it is off. One that stands on what cannot fire cannot fire.
func TestCorrelationAboveCorrelation(t *testing.T) {
	h, secret := withRules(t)
	renewed(t, h, func() { ask[detect.Report](t, h, "POST", "/packs/above", pack(t, chainedRules)) })
	renewed(t, h, func() {
		ask[api.Switched](t, h, "POST", "/rules/switch", map[string]any{"rules": []string{"8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03"}, "on": false, "reason": "too loud"})
	})
	at := time.Now().UTC().Add(-3 * time.Hour)
	var events []map[string]any
	for i := range 6 {
		events = append(events, logon(at.Add(time.Duration(i)*time.Second), "alice", i))
	}
	send(t, h, secret, append(events, started(at.Add(150*time.Minute), `EXAMPLE\eve`, `backupctl list sets`))...)
	settle(t, h, 7)
	in := queue(t, h)
	if len(in) != 1 || in[0].Detections != 1 || !strings.Contains(in[0].Title, "Guessed for an hour") {
		t.Fatalf("incidents: %+v", in)
	}
	d := ask[alert.Detail](t, h, "GET", "/incidents/"+in[0].ID, nil).Alerts[0].Detection
	if !strings.HasPrefix(d.Entity.Name, "dc1") || d.Event.ID != "5" {
		t.Errorf("the detection is of event %s on %s, want the fifth, on dc1", d.Event.ID, d.Entity.Name)
	}
	if c := ask[api.RuleView](t, h, "GET", "/rules/8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b03", nil).Cover; c.Fires || !strings.Contains(c.Why, `it stands on "Toast burnt", which cannot fire: no pipeline`) {
		t.Errorf("cover: %+v", c)
	}
	for id, never := range map[string]bool{"8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b01": false, "8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b03": true} {
		if x := ask[sigma.Explanation](t, h, "GET", "/rules/"+id+"/explanation", nil); len(x.Reaches) != 0 || (x.Never != "") != never {
			t.Errorf("explanation of a correlation: never %q, %d log sources", x.Never, len(x.Reaches))
		}
	}
}

// A correlation that comes into effect while an attack goes on joins what came before
// with what comes after; what was complete before is found by looking back, once.
func TestCorrelationBeginsAmidAnAttack(t *testing.T) {
	dir := t.TempDir()
	h, stop := start(t, dir, unprepared)
	secret := ask[api.TokenView](t, h, "POST", "/tokens", map[string]string{"name": "sensor", "role": "sender"}).Secret
	at, n := time.Now().UTC().Add(-time.Hour), 0
	fail := func(user string, times int) {
		t.Helper()
		for range times {
			n++
			send(t, h, secret, logon(at.Add(time.Duration(n)*time.Second), user, n))
		}
		settle(t, h, n)
	}
	found := func(when string, want int) {
		t.Helper()
		got := 0
		for _, in := range queue(t, h) {
			got += in.Detections
		}
		if got != want {
			t.Errorf("%s: %d detections, want %d", when, got, want)
		}
	}
	fail("alice", 3)
	fail("bob", 6)
	renewed(t, h, func() { ask[detect.Report](t, h, "POST", "/packs/own", pack(t, houseRules)) })
	lookedBack(t, h, 1)
	found("bob's, by looking back", 1)
	fail("alice", 2)
	found("alice's are five", 2)
	fail("bob", 2)
	found("bob's are the same", 2)

	// Off and on again, with an event for each while it is off; and it is remembered over
	// a restart that it began.
	set := func(on bool) {
		t.Helper()
		renewed(t, h, func() {
			ask[api.Switched](t, h, "POST", "/rules/switch", map[string]any{"rules": []string{"8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1a03"}, "on": on, "reason": "to see"})
		})
	}
	fail("carol", 2)
	set(false)
	fail("carol", 2)
	set(true)
	lookedBack(t, h, 2)
	found("carol's are four", 2)
	stop()
	h, stop = start(t, dir, unprepared)
	defer stop()
	fail("carol", 1)
	found("carol's are five", 3)
}

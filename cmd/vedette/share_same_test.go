package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/app/apptest"
)

const sharedRules = `title: Failed logon
name: failed_logon
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b02
level: informational
status: unsupported
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625}
  condition: selection
---
title: Many failed logons
id: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1b03
level: medium
tags: [attack.credential-access, attack.t1110]
correlation:
  type: event_count
  rules: [failed_logon]
  group-by: [TargetUserName]
  timespan: 10m
  condition: {gte: 5}
`

// furnish brings rules in, and waits until as many more run here and in every matcher.
func furnish(t *testing.T, s *server, matchers int) {
	t.Helper()
	running := func() (out []int) {
		h := call[struct {
			Rules struct{ Rules int }
			Share struct {
				Processes []struct {
					Match *struct{}
					Rules int
				}
			}
		}](t, s, "GET", "/health", nil)
		out = append(out, h.Rules.Rules)
		for _, p := range h.Share.Processes {
			if p.Match != nil {
				out = append(out, p.Rules)
			}
		}
		return out
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "rules.yml", Mode: 0o600, Size: int64(len(sharedRules))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(sharedRules)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var before []int
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // until those that are shipped run everywhere
		if before = running(); len(before) == 1+matchers && before[0] > 0 && len(slices.Compact(slices.Clone(before))) == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("rules run here and in %d matchers: %v", matchers, before)
		}
	}
	if rep := call[struct{ Correlations int }](t, s, "POST", "/packs/own", &b); rep.Correlations != 1 {
		t.Fatalf("import: %+v", rep)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		now := running()
		if len(now) == len(before) && slices.Min(now) > before[0] {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("before %v rules ran, now %v", before, now)
		}
	}
}

// story is events of an evening: two accounts are tried, the indicator is met, another
// product raises alerts, most is ordinary.
func story(at time.Time) (bodies []string) {
	var b strings.Builder
	for i := range 600 {
		when := at.Add(time.Duration(i) * time.Second)
		stamp := when.UTC().Format(time.RFC3339)
		switch {
		case i%25 == 3:
			fmt.Fprintf(&b, `{"EventTime":%q,"@timestamp":%q,"Channel":"Security","EventID":4625,"Hostname":"dc1.example","SourceName":"Microsoft-Windows-Security-Auditing","TargetUserName":"eve%d","RecordNumber":%d}`+"\n",
				when.UTC().Format("2006-01-02 15:04:05"), stamp, i%2, i)
		case i%40 == 7:
			fmt.Fprintf(&b, `{"@timestamp":%q,"event":{"id":"s%d","dataset":"proof.dns"},"source":{"ip":"10.1.0.%d"},"dns":{"question":{"name":%q}}}`+"\n", stamp, i, 1+i%3, planted)
		case i%90 == 11:
			fmt.Fprintf(&b, `{"timestamp":%q,"event_type":"alert","src_ip":"10.1.0.9","dest_ip":"192.0.2.7","alert":{"signature_id":2001,"signature":"PROOF a trojan calls","category":"A Network Trojan was detected","severity":1,"action":"allowed"}}`+"\n",
				when.UTC().Format("2006-01-02T15:04:05.000000-0700"))
		default:
			fmt.Fprintf(&b, `{"@timestamp":%q,"event":{"id":"s%d","dataset":"proof.dns"},"source":{"ip":"10.1.0.%d"},"dns":{"question":{"name":"www.ordinary.example"}}}`+"\n", stamp, i, 1+i%20)
		}
		if i%30 == 29 {
			bodies = append(bodies, b.String())
			b.Reset()
		}
	}
	return bodies
}

// judged is what a server makes of a story.
type judged struct {
	Title      string
	Sensors    []string
	Entities   []string
	Alerts     int
	Detections int
	Priority   int
}

func judgement(t *testing.T, s *server) (out []judged) {
	t.Helper()
	for _, in := range call[items[alert.Incident]](t, s, "GET", "/incidents?limit=1000", nil).Items {
		j := judged{Title: in.Title, Sensors: in.Sensors, Alerts: in.Alerts, Detections: in.Detections, Priority: in.Assessment.Priority}
		for _, e := range in.Entities {
			j.Entities = append(j.Entities, e.Name)
		}
		slices.Sort(j.Entities)
		slices.Sort(j.Sensors)
		out = append(out, j)
	}
	slices.SortFunc(out, func(a, b judged) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}

// TestShareSame: several processes make of the same events what one does: the same
// incidents with the same alerts, those of correlations among them, and the same is
// known of who sent them.
func TestShareSame(t *testing.T) {
	h := newHouse(t)
	at := time.Now().Add(-20 * time.Minute).Truncate(time.Second)
	receiver, keeper, _, secret := together(t, h, 2)
	alone := start(t, apptest.Data(t))
	plant(t, alone, 0)
	furnish(t, keeper, 2)
	furnish(t, alone, 0)
	own := token(t, alone, "sender")
	for _, body := range story(at) {
		for url, secret := range map[string]string{receiver.Intake: secret, alone.Intake: own} {
			if n, err := post(t.Context(), url, secret, body); err != nil || n != 30 {
				t.Fatal(n, err)
			}
		}
	}
	drained(t, keeper)
	settled(t, alone)
	want := judgement(t, alone)
	if diff := cmp.Diff(want, judgement(t, keeper)); diff != "" {
		t.Errorf("-one process +several\n%s", diff)
	}
	if !slices.ContainsFunc(want, func(j judged) bool { return slices.Contains(j.Sensors, "sigma") }) || len(want) < 2 {
		t.Errorf("the story raises too little to compare: %+v", want)
	}
	formats := func(s *server) map[string]int64 {
		for range 100 { // a receiver tells of senders once a second
			for _, src := range call[struct {
				Senders []struct {
					Name    string
					Events  int64
					Formats map[string]int64
				}
			}](t, s, "GET", "/health", nil).Senders {
				if src.Events == 600 {
					return src.Formats
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	}
	if one, several := formats(alone), formats(keeper); len(one) < 3 || !maps.Equal(one, several) {
		t.Errorf("formats of the sender: one process says %v, several %v", one, several)
	}
	alone.stop(t)
	receiver.stop(t)
	keeper.stop(t)
}

// TestShareNewIndicator: an indicator that becomes known while its events flow is found
// in each of them once, live or by looking back, whichever matcher has it when.
func TestShareNewIndicator(t *testing.T) {
	h := newHouse(t)
	receiver, keeper, _, secret := together(t, h, 2)
	const late = "late.planted.example"
	ctx, stop := context.WithTimeout(t.Context(), 6*time.Second)
	defer stop()
	go func() {
		time.Sleep(3 * time.Second)
		call[any](t, keeper, "POST", "/indicators/import?name=late.txt", strings.NewReader(late+"\n"))
	}()
	sent := 0
	for n := 0; ctx.Err() == nil; n++ {
		body := fmt.Sprintf(`{"@timestamp":%q,"event":{"id":"late-%d","dataset":"proof.dns"},"source":{"ip":"10.1.0.%d"},"dns":{"question":{"name":%q}}}`+"\n", time.Now().UTC().Format(time.RFC3339Nano), n, 1+n%3, late)
		accepted, err := post(t.Context(), receiver.Intake, secret, body)
		if err != nil || accepted != 1 {
			t.Fatal(accepted, err)
		}
		sent++
	}
	drained(t, keeper)
	sum := 0
	for end := time.Now().Add(time.Minute); sum != sent && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		sum = detections(t, keeper)
	}
	time.Sleep(time.Second) // nothing more may come
	if sum = detections(t, keeper); sum != sent {
		t.Errorf("%d events hold the indicator, %d detections are counted", sent, sum)
	}
	jobs := call[items[struct {
		Kind                  string
		Found, Missed, Events int
	}]](t, keeper, "GET", "/hunt/jobs", nil).Items
	t.Logf("%d events; looks back: %+v", sent, jobs)
}

package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
)

// patterns imports STIX patterns as a bundle.
func patterns(t *testing.T, h house, texts ...string) {
	t.Helper()
	var objects []string
	for i, text := range texts {
		objects = append(objects, fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","name":"Grey Heron %d","pattern_type":"stix","pattern":%q}`, i+1, i, text))
	}
	bundle := `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000099","objects":[` + strings.Join(objects, ",") + `]}`
	ask[api.ImportReport](t, h, "POST", "/indicators/import?name=patterns.json", strings.NewReader(bundle))
}

// byPatterns waits for n detections of patterns and returns how many there are of each.
func byPatterns(t *testing.T, h house, n int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range 500 {
		clear(got)
		all := 0
		for _, in := range queue(t, h) {
			for _, a := range ask[alert.Detail](t, h, "GET", "/incidents/"+in.ID, nil).Alerts {
				if d := a.Detection; d.Reason.Type == "stix-pattern" {
					got[fmt.Sprintf("%s related %d past %v", d.Reason.Value, len(d.Reason.Related), d.Past)] += a.Count
					all += a.Count
				}
			}
		}
		if all >= n {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return got
}

// TestPatterns: what a STIX pattern says of a name's form, and of several events
// together, is met live and backwards.
func TestPatterns(t *testing.T) {
	form, chain := `[domain-name:value LIKE 'c2-%.heron.example']`, `[domain-name:value = 'first.heron.example'] FOLLOWEDBY [domain-name:value = 'second.heron.example'] WITHIN 600 SECONDS`
	dir := t.TempDir()
	h, stop := start(t, dir, unprepared)
	secret := senderToken(t, h)
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	old := at.Add(-48 * time.Hour)
	send(t, h, secret, lookup(old, "10.20.1.7", "c2-19.heron.example"), lookup(old, "10.20.1.7", "c3-19.heron.example"),
		lookup(old.Add(time.Minute), "10.20.1.7", "first.heron.example"), lookup(old.Add(2*time.Minute), "10.20.1.7", "second.heron.example"))
	settle(t, h, 4)
	patterns(t, h, form, chain, `[domain-name:value LIKE '%.example']`, `[domain-name:value MATCHES '(?=x)']`)
	lookedBack(t, h, 1)
	want := map[string]int{form + " related 0 past true": 1, chain + " related 1 past true": 1}
	if got := byPatterns(t, h, 2); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("looking back: %v, want %v", got, want)
	}
	send(t, h, secret, lookup(at, "10.20.1.9", "c2-20.heron.example"), lookup(at, "10.20.1.9", "first.heron.example"))
	settle(t, h, 6)
	stop()
	h, stop = start(t, dir, unprepared)
	defer stop()
	send(t, h, secret, lookup(at.Add(time.Minute), "10.20.1.9", "second.heron.example"))
	settle(t, h, 7)
	want[form+" related 0 past false"], want[chain+" related 1 past false"] = 1, 1
	if got := byPatterns(t, h, 4); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("live, over a restart: %v, want %v", got, want)
	}
}

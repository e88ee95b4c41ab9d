package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/hunt"
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
	dir := apptest.Data(t)
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

// TestPatternsInText: what a STIX pattern says of command lines alone is found in what is
// kept, by a job of its own, as it is found live.
func TestPatternsInText(t *testing.T) {
	encoded := `[process:command_line LIKE '%-heron-enc %']`
	chain := `[process:command_line MATCHES 'heron-stage[1]'] FOLLOWEDBY [process:command_line LIKE '%heron-stage2%'] WITHIN 600 SECONDS`
	h := open(t, unprepared)
	secret := senderToken(t, h)
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	old := at.Add(-72 * time.Hour)
	send(t, h, secret, started(old, "ada", `tool.exe -Heron-Enc AAAA`), started(old, "ada", `tool.exe -heron-encode`), started(old.Add(time.Minute), "ada", `run heron-stage1`),
		started(old.Add(2*time.Minute), "ada", `run heron-stage2`), lookup(old, "10.20.1.7", "harmless.example"))
	settle(t, h, 5)
	patterns(t, h, encoded, chain)
	jobs := lookedBack(t, h, 2)
	if j := jobs[1]; j.Kind != hunt.Patterns || j.Wants != 2 || j.Records != 5 || j.Missed != 0 || j.Events != 3 || j.Found != 2 || j.Memory != "" {
		t.Errorf("the job of patterns: %+v", j)
	}
	want := map[string]int{encoded + " related 0 past true": 1, chain + " related 1 past true": 1}
	if got := byPatterns(t, h, 2); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("looking back: %v, want %v", got, want)
	}
	titles := ""
	for _, in := range queue(t, h) {
		titles += in.Title + "\n"
	}
	if !strings.Contains(titles, "3 days before the indicator was known here") {
		t.Errorf("no title says how old it is:\n%s", titles)
	}
	live := started(at, "ada", `tool.exe -heron-enc BBBB`)
	live["Hostname"] = "srv8.example"
	send(t, h, secret, live)
	settle(t, h, 6)
	want[encoded+" related 0 past false"] = 1
	if got := byPatterns(t, h, 3); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("and live: %v, want %v", got, want)
	}
	j := ask[hunt.Job](t, h, "POST", "/hunt/retro", struct{}{})
	jobs = lookedBack(t, h, 4)
	if last := jobs[3]; last.Kind != hunt.Patterns || !last.Created.Equal(j.Created) || last.Found != 0 || last.Known != 3 || last.Records != 6 {
		t.Errorf("everything once more: %+v", last)
	}
}

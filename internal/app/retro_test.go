package app_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/hunt"
)

// lookup is a DNS query of a host of ours.
func lookup(at time.Time, host, name string) map[string]any {
	return map[string]any{
		"timestamp": at.Format("2006-01-02T15:04:05.000000-0700"), "event_type": "dns", "src_ip": host, "src_port": 40000, "dest_ip": "10.20.0.53", "dest_port": 53,
		"proto": "UDP", "dns": map[string]any{"type": "query", "id": 1, "rrname": name, "rrtype": "A"},
	}
}

// bring imports indicators, one a line.
func bring(t *testing.T, h house, lines ...string) {
	t.Helper()
	ask[api.ImportReport](t, h, "POST", "/indicators/import?name=list.txt", strings.NewReader(strings.Join(lines, "\n")+"\n"))
}

// lookedBack waits until n jobs have come to an end and returns them, the oldest
// first.
func lookedBack(t *testing.T, h house, n int) []hunt.Job {
	t.Helper()
	for range 1500 {
		jobs := ask[api.Page[hunt.Job]](t, h, "GET", "/hunt/jobs", nil).Items
		done := 0
		for _, j := range jobs {
			if j.State == hunt.Failed {
				t.Fatalf("a job failed: %+v", j)
			}
			if j.State == hunt.Done {
				done++
			}
		}
		if done >= n && done == len(jobs) {
			slices.Reverse(jobs)
			return jobs
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d looks back did not come to an end: %+v", n, ask[api.Page[hunt.Job]](t, h, "GET", "/hunt/jobs", nil).Items)
	return nil
}

func senderToken(t *testing.T, h house) string {
	t.Helper()
	return ask[api.TokenView](t, h, "POST", "/tokens", map[string]string{"name": "sensor", "role": "sender"}).Secret
}

func TestNewIndicatorMeetsOldEvents(t *testing.T) {
	h := open(t, unprepared)
	secret := senderToken(t, h)
	at := time.Now().UTC().Add(-23*24*time.Hour - time.Minute).Truncate(time.Second)
	send(t, h, secret, lookup(at, "10.20.1.7", "cdn.evil-updates.example"), lookup(at.Add(time.Hour), "10.20.1.8", "evil-updates.example"), lookup(at, "10.20.1.9", "harmless.example"))
	settle(t, h, 3)
	bring(t, h, "evil-updates.example")
	jobs := lookedBack(t, h, 1)
	j := jobs[0]
	if j.Kind != hunt.Indicators || j.Wants != 1 || j.Records != 3 || j.Missed != 0 || j.Events != 2 || j.Found != 2 || j.Known != 0 || len(j.Incidents) == 0 || j.Progress() != 1 {
		t.Errorf("job: %+v", j)
	}
	var titles []string
	for _, in := range queue(t, h) {
		titles = append(titles, in.Title)
		for _, a := range ask[alert.Detail](t, h, "GET", "/incidents/"+in.ID, nil).Alerts {
			if d := a.Detection; !d.Past || d.Late < 22*24*time.Hour || d.Known.IsZero() {
				t.Errorf("detection is not marked: %+v", d)
			}
		}
	}
	if all := strings.Join(titles, "\n"); !strings.Contains(all, "10.20.1.7 looked up cdn[.]evil-updates[.]example, known as malicious (through evil-updates[.]example), 23 days before the indicator was known here") {
		t.Errorf("titles:\n%s", all)
	}
	bring(t, h, "harmless.example")
	if jobs := lookedBack(t, h, 2); jobs[1].Found != 1 || jobs[1].Wants != 1 {
		t.Errorf("the second job: %+v", jobs[1])
	}
}

func TestLookingBackDoublesNothing(t *testing.T) {
	h := open(t, unprepared)
	secret := senderToken(t, h)
	bring(t, h, "evil-updates.example")
	indexed(t, h, 1)
	at := time.Now().UTC().Add(-time.Hour)
	send(t, h, secret, lookup(at, "10.20.1.7", "evil-updates.example"), lookup(at.Add(time.Minute), "10.20.1.7", "evil-updates.example"))
	settle(t, h, 2)
	before := sum(t, h)
	j := ask[hunt.Job](t, h, "POST", "/hunt/retro", struct{}{})
	lookedBack(t, h, 1)
	j = ask[hunt.Job](t, h, "GET", "/hunt/jobs/"+j.ID, nil)
	if j.Kind != hunt.AllLive || j.Events != 2 || j.Found != 0 || j.Known != 2 {
		t.Errorf("job: %+v", j)
	}
	if diff := cmp.Diff(before, sum(t, h)); diff != "" {
		t.Errorf("looking back changed what live matching had found: -before +after\n%s", diff)
	}
}

// indexed waits until n indicators are in the live index.
func indexed(t *testing.T, h house, n int) {
	t.Helper()
	for range 1500 {
		if ask[api.Health](t, h, "GET", "/health", nil).Index.Indicators >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the index does not get %d indicators", n)
}

// sum counts the detections of every alert.
func sum(t *testing.T, h house) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, in := range queue(t, h) {
		for _, a := range ask[alert.Detail](t, h, "GET", "/incidents/"+in.ID, nil).Alerts {
			out[a.Detection.Entity.Name+" "+a.Detection.Reason.Value+a.Detection.Reason.Title] += a.Count
		}
	}
	return out
}

// TestNoGapAtTheSwap sends events all the while indicators are imported: whether
// an event comes before, in or after the moment in which the index is exchanged,
// it raises its detection, once.
func TestNoGapAtTheSwap(t *testing.T) {
	h := open(t, unprepared)
	secret := senderToken(t, h)
	const names, rounds = 40, 40
	at := time.Now().UTC().Add(-time.Hour)
	want := map[string]int{}
	var all sync.WaitGroup
	all.Go(func() {
		for i := range names {
			bring(t, h, fmt.Sprintf("bad-%d.example", i))
		}
	})
	for r := range rounds {
		var events []map[string]any
		for i := range names {
			host := fmt.Sprintf("10.20.1.%d", r%7+1)
			name := fmt.Sprintf("bad-%d.example", i)
			want[host+" "+name+strings.ReplaceAll(name, ".", "[.]")]++
			events = append(events, lookup(at.Add(time.Duration(r)*time.Second), host, name))
		}
		send(t, h, secret, events...)
	}
	all.Wait()
	settle(t, h, names*rounds)
	indexed(t, h, names)
	for _, j := range lookedBack(t, h, 1) {
		if j.Missed != 0 || uint64(j.Records) != j.Until {
			t.Errorf("a job that missed something: %+v", j)
		}
	}
	got := sum(t, h)
	for range 500 { // the last import may still be on its way into a job
		if maps.Equal(want, got) {
			break
		}
		time.Sleep(20 * time.Millisecond)
		got = sum(t, h)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("detections: -want +got\n%s", diff)
	}
}

func TestNewRuleMeetsOldEvents(t *testing.T) {
	h := open(t, unprepared)
	secret := senderToken(t, h)
	at := time.Now().UTC().Add(-50 * time.Hour).Truncate(time.Second)
	events := []map[string]any{started(at, `EXAMPLE\eve`, `backupctl delete sets /all /quiet`)}
	for n := range 5 {
		events = append(events, logon(at.Add(time.Duration(n)*time.Second), "alice", n))
	}
	send(t, h, secret, events...)
	settle(t, h, 6)
	if in := queue(t, h); len(in) != 0 {
		t.Fatalf("incidents before there is a rule: %+v", in)
	}
	furnishRules(t, h)
	jobs := lookedBack(t, h, 1)
	if j := jobs[0]; j.Kind != hunt.Rules || j.Wants != 2 || j.Records != 6 || j.Found != 2 {
		t.Errorf("job: %+v", j)
	}
	var titles []string
	for _, in := range queue(t, h) {
		titles = append(titles, in.Title)
	}
	all := strings.Join(titles, "\n")
	if !strings.Contains(all, "Backups deleted, 2 days before the rule was known here") || !strings.Contains(all, "Many failed logons: 5 within 4s") {
		t.Errorf("titles:\n%s", all)
	}
	renewed(t, h, func() {
		ask[api.Switched](t, h, "POST", "/rules/switch", map[string]any{"rules": []string{backupRule}, "on": false, "reason": "test"})
	})
	ask[api.Switched](t, h, "POST", "/rules/switch", map[string]any{"rules": []string{backupRule}, "on": true, "reason": "test"})
	if jobs := lookedBack(t, h, 2); jobs[1].Wants != 1 || jobs[1].Found != 0 || jobs[1].Known != 1 {
		t.Errorf("the job of a rule that was turned on again: %+v", jobs[1])
	}
}

// A window that ended with nothing behind it is judged by a look back as well; one that
// is open yet is not.
func TestLookingBackClosesWindows(t *testing.T) {
	const seldom = "---\ntitle: Seldom\nid: 8a1f0c55-0f14-4f4b-9df1-6d2b7e5d1d02\nlevel: high\n" +
		"correlation: {type: event_count, rules: [failed_logon], group-by: [TargetUserName], timespan: 1h, condition: {lt: 2}}\n"
	for ago, want := range map[time.Duration]int{5 * time.Hour: 1, 30 * time.Minute: 0} {
		h := open(t, unprepared)
		at := time.Now().UTC().Add(-ago)
		send(t, h, senderToken(t, h), logon(at, "alice", 1), logon(at.Add(time.Second), "bob", 2), logon(at.Add(2*time.Second), "bob", 3))
		settle(t, h, 3)
		ask[detect.Report](t, h, "POST", "/packs/own", pack(t, houseRules+seldom))
		if j := lookedBack(t, h, 1)[0]; j.Found != want || j.Missed != 0 {
			t.Errorf("%s ago, job: %+v", ago, j)
		}
		in := queue(t, h)
		if len(in) != want || want > 0 && (!strings.Contains(in[0].Title, "Seldom") || !strings.Contains(in[0].Title, "alice")) {
			t.Errorf("%s ago, incidents: %+v", ago, in)
		}
	}
}

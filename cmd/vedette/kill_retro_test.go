package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/app/apptest"
)

// TestKillDuringLookingBack kills the server while it holds a new indicator
// against the history. In the end every stored event that holds the indicator has
// been detected exactly once, and the job says so.
func TestKillDuringLookingBack(t *testing.T) {
	dir := apptest.Data(t)
	s := start(t, dir)
	secret := token(t, s, "sender")
	const events, every = 12_000, 4
	for sent := 0; sent < events; {
		var b strings.Builder
		for range 2000 {
			name := "www.ordinary.example"
			if sent%every == 0 {
				name = fmt.Sprintf("h%d.%s", sent%7, planted)
			}
			fmt.Fprintf(&b, `{"@timestamp":%q,"event":{"id":"e%d","dataset":"proof.dns"},"source":{"ip":"10.1.%d.%d"},"dns":{"question":{"name":%q}}}`+"\n",
				time.Now().UTC().Add(-48*time.Hour).Format(time.RFC3339Nano), sent, sent%7, 1+sent%13, name)
			sent++
		}
		if n, err := post(t.Context(), s.Intake, secret, b.String()); err != nil || n != 2000 {
			t.Fatal(n, err)
		}
	}
	settled(t, s)
	call[any](t, s, "POST", "/indicators/import?name=planted.txt", strings.NewReader(planted+"\n"))
	type job struct {
		State                        string
		Records, Missed, Left, Found int
		Next                         int
	}
	jobs := func() []job { return call[items[job]](t, s, "GET", "/hunt/jobs", nil).Items }
	kills, resumed := 0, 0
	for {
		all := jobs()
		if len(all) == 1 && all[0].State == "done" {
			break
		}
		if len(all) == 1 && all[0].State == "running" && kills < 6 {
			time.Sleep(time.Duration(rand.IntN(900)) * time.Millisecond)
			s.kill(t)
			kills++
			s = start(t, dir)
			if all := jobs(); len(all) == 1 && all[0].State == "running" && all[0].Next > 1 {
				resumed++
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	if kills == 0 {
		t.Error("the job was done before it could be killed: the test lost its subject")
	}
	j := jobs()[0]
	if j.Missed != 0 || j.Left != 0 {
		t.Errorf("job: %+v", j)
	}
	sum := 0
	for _, in := range call[struct{ Items []struct{ Detections int } }](t, s, "GET", "/incidents?limit=1000", nil).Items {
		sum += in.Detections
	}
	if sum != events/every {
		t.Errorf("%d detections are counted, want %d", sum, events/every)
	}
	t.Logf("%d kills, went on in the middle %d times, %d detections", kills, resumed, sum)
	s.stop(t)
}

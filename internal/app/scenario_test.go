package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/detect"
)

// longScenarios are left out of short tests: the race detector makes minutes of them.
var longScenarios = []string{"learnt-later", "let-pass", "suppression"}

// TestScenarios plays testdata/scenarios/*.txtar on running systems. The comment is
// the script, one step a line:
//
//	profile FILE              import the organisation profile
//	learn FILE                read intelligence in, as intel import does
//	known N                   wait until so many indicators are looked for
//	send FILE                 deliver events; a line "every 24h 8 from -192h {…}" is eight of them
//	verdict TITLE | KIND      judge the incident whose title holds TITLE
//	split TITLE | ALERT       take the alert whose title holds ALERT out
//	above TITLE | TITLE       the one is before the other in the queue
//	state TITLE | STATE       open or closed
//	says TITLE | TEXT         a term, a link, a guard rail or a line of the timeline holds TEXT
//	silent TITLE | TEXT       none does
//	like TITLE | OTHER | VERDICT | ITEM, ITEM   the one incident names the other as like it, by these; unlike: it does not
//	inventory FILE            complete the profile, as org import does
//	asks ADDRESS ...          these are the hosts that somebody is asked about, and no others
//	told ADDRESS | AS name=N  say what one of them is
//	weighs TITLE | TEXT       what is at stake says TEXT
//	merge TITLE | OTHER       move all of the one incident into the other
//	alerts TITLE | N of M     the incident has N alerts, of M detections
//	nearest TITLE | OTHER | VERDICT   of the judged incidents most like it one is OTHER
//	count N                   so many incidents are open
//	rules FILE                bring in Sigma rules and wait until they run
//	proposes N                so many suppressions are proposed
//	refused TITLE | INCIDENT  the proposal for a rule is refused, for an incident whose title holds INCIDENT
//	pass TITLE                accept the suppression of an indicator or another product's alert
//	end TITLE | N             end it, after it kept N away
//	accept TITLE              accept the suppression of a rule; undo, dismiss the same
//	spares TITLE              a guard rail keeps the rule
//	hides TITLE | N           so many stored detections it would have hidden
//	leak FILE | N new, N known, N dropped   read stolen credentials, a file or all below a directory; {-12d} in it is 12 days ago
//	leaked ACCOUNT (WHOSE): N, ...   these accounts are known to be leaked, with so many alerts
//	erase ACCOUNT | WHY       forget an account
//	detections N              so many were raised in all
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txtar")
		t.Run(name, func(t *testing.T) {
			if testing.Short() && slices.Contains(longScenarios, name) {
				t.Skip("it takes long")
			}
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s := &scene{t: t, h: open(t, func(*app.System) error { return nil }), files: map[string][]byte{}, now: time.Now().UTC()}
			for _, file := range a.Files {
				s.files[file.Name] = file.Data
			}
			s.secret = ask[api.TokenView](t, s.h, "POST", "/tokens", map[string]string{"name": "sensor", "role": "sender"}).Secret
			for line := range strings.Lines(string(a.Comment)) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					s.step(line)
				}
			}
		})
	}
}

// scene is a scenario being played.
type scene struct {
	t      *testing.T
	h      house
	files  map[string][]byte
	now    time.Time
	secret string
	sent   int
}

func (s *scene) step(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	what, more, _ := strings.Cut(rest, " | ")
	switch verb {
	case "profile":
		if err := s.h.Call(s.t.Context(), "PUT", "/profile", bytes.NewReader(s.files[what]), nil); err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
	case "learn":
		if err := s.h.Call(s.t.Context(), "POST", "/indicators/import?name="+what+"&source="+what, bytes.NewReader(s.files[what]), nil); err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
	case "known":
		s.until(line, func() bool {
			return fmt.Sprint(ask[api.Health](s.t, s.h, "GET", "/health", nil).Index.Indicators) == what
		})
	case "send":
		s.send(s.files[what])
	case "verdict":
		ask[any](s.t, s.h, "POST", "/incidents/"+s.find(what).ID+"/verdict", api.VerdictBody{Kind: alert.VerdictKind(more), Reason: "as the scenario has it"})
	case "split":
		s.split(what, more)
	case "above":
		if a, b := s.place(what), s.place(more); a >= b {
			s.t.Errorf("%s: places %d and %d", line, a+1, b+1)
		}
	case "state":
		s.until(line, func() bool { return string(s.find(what).State) == more })
	case "says":
		s.until(line, func() bool { return strings.Contains(s.said(what), more) })
	case "silent":
		if strings.Contains(s.said(what), more) {
			s.t.Errorf("%s: it does", line)
		}
	case "count":
		n := len(ask[api.Page[alert.Incident]](s.t, s.h, "GET", "/incidents?state=open&limit=1000", nil).Items)
		if fmt.Sprint(n) != what {
			s.t.Errorf("%s: %d are open", line, n)
		}
	case "rules":
		renewed(s.t, s.h, func() { ask[detect.Report](s.t, s.h, "POST", "/packs/own", pack(s.t, string(s.files[what]))) })
	default:
		if !s.like(line, verb, what, more) && !s.house(line, verb, what, more) && !s.leak(line, verb, what, more) {
			s.suppression(line, verb, what, more)
		}
	}
}

// until waits for what a worker does on its own.
func (s *scene) until(line string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Errorf("%s: it does not come to that", line)
			if verb, rest, _ := strings.Cut(line, " "); verb == "says" {
				what, _, _ := strings.Cut(rest, " | ")
				s.t.Log(s.said(what))
			}
			return
		}
	}
}

func (s *scene) send(file []byte) {
	var events []map[string]any
	for line := range strings.Lines(string(file)) {
		every, n, from := time.Duration(0), 1, time.Duration(0)
		head, body, ok := strings.Cut(strings.TrimSpace(line), "{")
		if !ok {
			continue
		}
		if f := strings.Fields(head); len(f) == 5 { // every 24h 8 from -192h
			every, _ = time.ParseDuration(f[1])
			n, _ = strconv.Atoi(f[2])
			from, _ = time.ParseDuration(f[4])
		} else if len(f) == 1 { // -2h
			from, _ = time.ParseDuration(f[0])
		}
		for i := range n {
			var e map[string]any
			if err := json.Unmarshal([]byte("{"+body), &e); err != nil {
				s.t.Fatalf("%s: %v", line, err)
			}
			e["@timestamp"] = s.now.Add(from + time.Duration(i)*every)
			events = append(events, e)
		}
	}
	at := func(e map[string]any) time.Time { return e["@timestamp"].(time.Time) }
	slices.SortStableFunc(events, func(a, b map[string]any) int { return at(a).Compare(at(b)) })
	send(s.t, s.h, s.secret, events...)
	s.sent += len(events)
	settle(s.t, s.h, s.sent)
}

func (s *scene) queue() []alert.Incident {
	return ask[api.Page[alert.Incident]](s.t, s.h, "GET", "/incidents?limit=1000", nil).Items
}

func (s *scene) place(title string) int {
	i := slices.IndexFunc(s.queue(), func(in alert.Incident) bool { return strings.Contains(in.Title, title) && in.Merged == "" })
	if i < 0 {
		var there []string
		for _, in := range s.queue() {
			there = append(there, in.Title)
		}
		s.t.Fatalf("no incident %q among %q", title, there)
	}
	return i
}

func (s *scene) find(title string) alert.Incident { return s.queue()[s.place(title)] }

func (s *scene) split(title, part string) {
	in := s.find(title)
	var chosen []string
	for _, a := range ask[alert.Detail](s.t, s.h, "GET", "/incidents/"+in.ID, nil).Alerts {
		if strings.Contains(a.Title, part) {
			chosen = append(chosen, a.Fingerprint)
		}
	}
	ask[api.Made](s.t, s.h, "POST", "/incidents/"+in.ID+"/split", api.SplitBody{Alerts: chosen, Reason: "as the scenario has it"})
}

// said is everything an incident says of itself.
func (s *scene) said(title string) string {
	d := ask[alert.Detail](s.t, s.h, "GET", "/incidents/"+s.find(title).ID, nil)
	lines := []string{d.Incident.Assessment.Floor, d.Incident.Assessment.Counterfactual, d.Incident.Assessment.Stage.Why}
	for _, t := range d.Incident.Assessment.Terms {
		lines = append(lines, t.Why)
	}
	for _, l := range d.Incident.Links {
		lines = append(lines, l.What+": "+l.Why)
	}
	for _, e := range d.Timeline {
		lines = append(lines, e.Text)
	}
	return strings.Join(lines, "\n")
}

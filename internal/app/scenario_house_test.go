package app_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/org"
)

// house plays the steps about the organisation and about what belongs together; ok is
// false for other steps.
func (s *scene) house(line, verb, what, more string) (ok bool) {
	switch verb {
	case "inventory":
		if err := s.h.Call(s.t.Context(), "POST", "/profile/inventory?name="+what, bytes.NewReader(s.files[what]), nil); err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
	case "asks":
		s.until(line, func() bool { return strings.Join(s.asked(), " ") == what })
	case "told":
		f := strings.Fields(more)
		t := org.Told{Address: what, As: f[0]}
		for _, kv := range f[1:] {
			k, v, _ := strings.Cut(kv, "=")
			*map[string]*string{"name": &t.Name, "network": &t.Network, "range": &t.Range, "criticality": (*string)(&t.Criticality)}[k] = v
		}
		ask[any](s.t, s.h, "POST", "/profile/hosts", t)
	case "merge":
		ask[any](s.t, s.h, "POST", "/incidents/"+s.find(what).ID+"/merge", api.MergeBody{Into: s.find(more).ID, Reason: "as the scenario has it"})
	case "alerts":
		d := ask[alert.Detail](s.t, s.h, "GET", "/incidents/"+s.find(what).ID, nil)
		n := 0
		for _, a := range d.Alerts {
			n += a.Count
		}
		if got := fmt.Sprintf("%d of %d", len(d.Alerts), n); got != more {
			s.t.Errorf("%s: alerts %s detections", line, got)
		}
	case "weighs":
		s.until(line, func() bool {
			a := s.find(what).Assessment
			return strings.Contains(a.Criticality.Why+"\n"+a.Reputation.Why+"\n"+a.Stage.Why, more)
		})
	case "nearest":
		d := ask[alert.Detail](s.t, s.h, "GET", "/incidents/"+s.find(what).ID, nil)
		other, verdict, _ := strings.Cut(more, " | ")
		if !slices.ContainsFunc(d.Nearest, func(n alert.Nearest) bool {
			return strings.Contains(n.Incident.Title, other) && n.Incident.Verdict != nil && string(n.Incident.Verdict.Kind) == verdict && len(n.Shared) > 0
		}) {
			s.t.Errorf("%s: the nearest are %+v", line, d.Nearest)
		}
	default:
		return false
	}
	return true
}

// asked are the hosts that somebody is asked about.
func (s *scene) asked() (out []string) {
	for _, h := range ask[api.Page[org.Stranger]](s.t, s.h, "GET", "/profile/hosts", nil).Items {
		out = append(out, h.Address.String())
	}
	slices.Sort(out)
	return out
}

// TestScenariosAreListed: the list of what scenarios show names each of them, and no other.
func TestScenariosAreListed(t *testing.T) {
	list, err := os.ReadFile("../../testdata/scenarios/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../testdata/scenarios/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txtar")
		there[name] = true
		if !strings.Contains(string(list), "`"+name+"`") {
			t.Errorf("the list says nothing of %s", name)
		}
	}
	for _, m := range regexp.MustCompile("`([a-z]+-[a-z-]+)`").FindAllStringSubmatch(string(list), -1) {
		if !there[m[1]] {
			t.Errorf("the list names %s, which is not there", m[1])
		}
	}
}

package app_test

import (
	"math"
	"strings"

	"github.com/vedette-soc/vedette/internal/investigate"
)

// like plays the steps about what an incident is like; ok is false for other steps.
func (s *scene) like(line, verb, what, more string) (ok bool) {
	if verb != "like" && verb != "unlike" {
		return false
	}
	d := ask[investigate.Dossier](s.t, s.h, "GET", "/incidents/"+s.find(what).ID+"/dossier", nil)
	parts := strings.Split(more, " | ")
	for _, l := range d.Similar {
		if !strings.Contains(l.Title, parts[0]) {
			continue
		}
		if verb == "unlike" {
			s.t.Errorf("%s: it is, by %v", line, l.Shared)
			return true
		}
		var shared []string
		sum := 0.0
		for _, i := range l.Shared {
			shared = append(shared, i.Label+i.Value)
			sum += i.Points
		}
		for _, want := range strings.Split(parts[2], ", ") {
			if !strings.Contains(strings.Join(shared, "\n"), want) {
				s.t.Errorf("%s: it shares %q", line, shared)
			}
		}
		if l.Verdict != parts[1] || math.Abs(sum-l.Score) > 1e-9 || l.Score <= 0 || l.Score > 1 {
			s.t.Errorf("%s: verdict %q, score %v of points %v", line, l.Verdict, l.Score, sum)
		}
		return true
	}
	if verb == "like" {
		s.t.Errorf("%s: it is not", line)
	}
	return true
}

package bench_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
	"github.com/vedette-soc/vedette/risk/triage/bench"
)

// row of a labelled file.
type row struct {
	time                     float64
	rule, host, window, step string
}

// edited passes labelled rows through edit.
func edited(t testing.TB, name string, in io.Reader, edit func(string, []row) []row) io.Reader {
	t.Helper()
	all, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, r := range all[1:] {
		at, err := strconv.ParseFloat(r[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row{at, r[1], r[3], r[5], r[6]})
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"time", "name", "host", "time_label", "event_label"})
	for _, r := range edit(name, rows) {
		_ = w.Write([]string{strconv.FormatFloat(r.time, 'f', 0, 64), r.rule, r.host, r.window, r.step})
	}
	w.Flush()
	return &out
}

func only(rows []row, keep func(row) bool) []row {
	return slices.DeleteFunc(rows, func(r row) bool { return !keep(r) })
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}

// What the ranking rests on is not in the names, one detector, the hour, or the
// number of alerts of these companies: changed companies do not collapse. The
// bounds are those of losing something, not the goals.
func TestArtificialCompanies(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of replays")
	}
	without := func(sensor string) func(string, []row) []row {
		return func(_ string, rows []row) []row {
			return only(rows, func(r row) bool { return !strings.HasPrefix(r.rule, sensor) })
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, tc := range []struct {
		name      string
		edit      func(string, []row) []row
		ap, steps float64
	}{
		{"other names of hosts and rules", func(company string, rows []row) []row {
			for i := range rows {
				sensor, rule, _ := strings.Cut(rows[i].rule, ": ")
				rows[i].rule = fmt.Sprintf("%c: rule %d", 'A'+hash(sensor)%26, hash(rule))
				rows[i].host = fmt.Sprint(company, hash(rows[i].host))
			}
			return rows
		}, .5, .8},
		{"half of the alerts", func(_ string, rows []row) []row {
			return only(rows, func(row) bool { return rng.IntN(2) == 0 })
		}, .55, .7},
		{"begins eleven hours later", func(_ string, rows []row) []row {
			from := rows[0].time + 11*3600
			return only(rows, func(r row) bool { return r.time >= from })
		}, .55, .7},
		{"other time zone", func(_ string, rows []row) []row {
			for i := range rows {
				rows[i].time += 7.5 * 3600
			}
			return rows
		}, .6, .8},
		{"without Suricata", without("Suricata"), .6, .6},
		{"without AMiner", without("AMiner"), .5, .6},
		{"without Wazuh", without("Wazuh"), .4, .5},
	} {
		rep := run(t, companies(t, tc.edit), triage.Defaults())
		s := rep.Summary
		t.Logf("%-31s AP %.3f steps@25 %.3f phases %.3f reduction %.4f skill %.3f (worst %.3f) ECE %.4f; best peer AP %.3f", tc.name, s["average_precision"], s["steps_at_25"],
			s["phases_in_top_20"], s["reduction"], s["brier_skill"], s["brier_skill_min"], s["ece"], s["average_precision"]-s["lead_average_precision"])
		if s["average_precision"] < tc.ap || s["steps_at_25"] < tc.steps || s["brier_skill_min"] <= 0 || s["ece"] > .02 || s["reduction"] < .995 {
			t.Errorf("%s: AP %.3f (at least %.2f), steps@25 %.3f (at least %.2f), worst skill %.3f, ECE %.4f, reduction %.4f", tc.name, s["average_precision"], tc.ap,
				s["steps_at_25"], tc.steps, s["brier_skill_min"], s["ece"], s["reduction"])
		}
	}
}

// No setting stands on a cliff: a third more or less keeps the goals of ranking.
func TestSensitivityOfSettings(t *testing.T) {
	if testing.Short() {
		t.Skip("a quarter of a minute of replays")
	}
	cs := companies(t, nil)
	scale := func(d *time.Duration, f float64) { *d = time.Duration(float64(*d) * f) }
	settings := map[string]func(*triage.Settings, float64){
		"idle":  func(s *triage.Settings, f float64) { scale(&s.Idle, f) },
		"cap":   func(s *triage.Settings, f float64) { scale(&s.Cap, f) },
		"frame": func(s *triage.Settings, f float64) { scale(&s.Frame, f) },
		"warm":  func(s *triage.Settings, f float64) { scale(&s.Warm, f) },
		"odd":   func(s *triage.Settings, f float64) { s.Odd *= f },
		"rare":  func(s *triage.Settings, f float64) { s.Rare *= f },
		"hot":   func(s *triage.Settings, f float64) { s.Hot *= f },
		"join":  func(s *triage.Settings, f float64) { scale(&s.Join, f) },
		"reach": func(s *triage.Settings, f float64) { scale(&s.Reach, f) },
		"span":  func(s *triage.Settings, f float64) { scale(&s.Span, f) },
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		for _, f := range []float64{.7, 1.3} {
			set := triage.Defaults()
			settings[name](&set, f)
			s := run(t, cs, set).Summary
			t.Logf("%-5s x %.1f: AP %.3f steps@25 %.3f phases %.3f reduction %.4f ECE %.4f", name, f, s["average_precision"], s["steps_at_25"], s["phases_in_top_20"], s["reduction"], s["ece"])
			if s["average_precision"] < .55 || s["steps_at_25"] < .7 || s["phases_in_top_20"] < .9 || s["reduction"] < .995 {
				t.Errorf("%s x %.1f: AP %.3f, steps@25 %.3f, phases %.3f", name, f, s["average_precision"], s["steps_at_25"], s["phases_in_top_20"])
			}
		}
	}
}

// The same for the weights of evidence, of ranking alone.
func TestSensitivityOfWeights(t *testing.T) {
	set := triage.Defaults()
	var all []*bench.Replayed
	for _, c := range companies(t, nil) {
		all = append(all, bench.Replay(c, set))
	}
	for i, name := range triage.EvidenceNames() {
		for _, f := range []float64{.7, 1, 1.3} {
			m := triage.Prior()
			m.Weights[i] *= f
			ap, steps := 0.0, 0.0
			for _, r := range all {
				q := r.By(m)
				ap += q.AveragePrecision / float64(len(all))
				steps += q.StepsAt25 / float64(len(all))
			}
			t.Logf("%-12s x %.1f: AP %.3f steps@25 %.3f", name, f, ap, steps)
			if ap < .6 || steps < .8 {
				t.Errorf("%s x %.1f: AP %.3f, steps@25 %.3f", name, f, ap, steps)
			}
		}
	}
}

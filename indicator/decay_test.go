package indicator_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

const day = 24 * time.Hour

func days(n float64) time.Duration { return time.Duration(n * float64(day)) }

// The vectors are MISP's decaying models and OpenCTI's built-in rules.
func TestDecayScore(t *testing.T) {
	nids := indicator.Decay{Lifetime: 120 * day, Delta: 2, Threshold: 30}
	phishing := indicator.Decay{Lifetime: 3 * day, Delta: 2.3, Threshold: 30}
	tests := []struct {
		name            string
		d               indicator.Decay
		base, day, want float64
	}{
		{"nids", nids, 80, -1, 80},
		{"nids", nids, 80, 0, 80},
		{"nids", nids, 80, 1, 72.697},
		{"nids", nids, 80, 7, 60.678},
		{"nids", nids, 80, 14, 52.675},
		{"nids", nids, 80, 30, 40},
		{"nids", nids, 80, 60, 23.431},
		{"nids", nids, 80, 90, 10.718},
		{"nids", nids, 80, 120, 0},
		{"phishing", phishing, 80, 0.25, 52.843},
		{"phishing", phishing, 80, 0.5, 43.292},
		{"phishing", phishing, 80, 1, 30.381},
		{"phishing", phishing, 80, 2, 12.930},
		{"phishing", phishing, 80, 3, 0},
		{"ip", indicator.DecayOf(indicator.IPv4), 100, 1, 90.30},
		{"ip", indicator.DecayOf(indicator.URL), 100, 7, 68.47},
		{"ip", indicator.DecayOf(indicator.IPv6), 100, 30, 23.82},
		{"domain", indicator.DecayOf(indicator.Domain), 100, 1, 93.39},
		{"domain", indicator.DecayOf(indicator.Domain), 100, 7, 83.30},
		{"domain", indicator.DecayOf(indicator.Domain), 100, 30, 66.60},
		{"file", indicator.DecayOf(indicator.SHA256), 100, 1, 99.89},
		{"file", indicator.DecayOf(indicator.MD5), 100, 30, 95.18},
		{"default", indicator.DecayOf(indicator.Mutex), 100, 7, 98.18},
		{"default", indicator.DecayOf(indicator.Mutex), 100, 30, 92.72},
	}
	for _, tt := range tests {
		if got := tt.d.Score(tt.base, days(tt.day)); math.Abs(got-tt.want) > 0.006 {
			t.Errorf("%s: score %.0f at day %.2f = %.3f, want %.3f", tt.name, tt.base, tt.day, got, tt.want)
		}
	}
}

func TestDecayReaches(t *testing.T) {
	ip, domain := indicator.DecayOf(indicator.IPv4), indicator.DecayOf(indicator.Domain)
	file, other := indicator.DecayOf(indicator.SHA256), indicator.DecayOf(indicator.JA3)
	nids := indicator.Decay{Lifetime: 120 * day, Delta: 2, Threshold: 30}
	tests := []struct {
		name          string
		d             indicator.Decay
		base, s, want float64 // want in days
	}{
		{"nids", nids, 80, 30, 46.875},
		{"nids", nids, 80, 40, 30},
		{"phishing", indicator.Decay{Lifetime: 3 * day, Delta: 2.3}, 80, 30, 1.018},
		{"ip", ip, 100, 20, 32.5},
		{"ip", ip, 80, 20, 29.2},
		{"ip", ip, 50, 20, 20.2},
		{"ip", ip, 100, 80, 3.30},
		{"ip", ip, 100, 50, 14.98},
		{"domain", domain, 100, 20, 187.8},
		{"domain", domain, 80, 20, 164.0},
		{"domain", domain, 50, 20, 102.6},
		{"domain", domain, 100, 50, 69.98},
		{"file", file, 100, 20, 376.3},
		{"file", file, 100, 80, 108.06},
		{"default", other, 50, 20, 274.9},
		{"default", other, 100, 50, 227.00},
		{"below", ip, 10, 20, 0},
	}
	for _, tt := range tests {
		if got := tt.d.Reaches(tt.base, tt.s).Hours() / 24; math.Abs(got-tt.want) > 0.051 {
			t.Errorf("%s: %.0f reaches %.0f at day %.3f, want %.3f", tt.name, tt.base, tt.s, got, tt.want)
		}
	}
	origin := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	if got, want := nids.Expiry(origin, 80), origin.Add(days(46.875)); got.Sub(want).Abs() > time.Minute {
		t.Errorf("expiry %v, want %v", got, want)
	}
}

func TestTLP(t *testing.T) {
	for s, want := range map[string]string{
		"TLP:WHITE": "TLP:CLEAR", "tlp:clear": "TLP:CLEAR", "Green": "TLP:GREEN", `tlp="amber"`: "TLP:AMBER",
		"tlp:amber+strict": "TLP:AMBER+STRICT", "TLP-RED": "TLP:RED", "purple": "", "": "",
	} {
		if got := indicator.ParseTLP(s).String(); got != want {
			t.Errorf("ParseTLP(%q) = %q, want %q", s, got, want)
		}
	}
}

// The vectors are ids of STIX 2.1 examples published by OASIS.
func TestObservableID(t *testing.T) {
	for _, tt := range []struct {
		t           indicator.Type
		value, want string
	}{
		{indicator.IPv4, "198.51.100.3", "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{indicator.IPv4, "198.51.100.0/24", "ipv4-addr--1ea47840-aa39-5aa8-b4a2-cd203eb6662a"},
		{indicator.Domain, "example.com", "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
		{indicator.UserAgent, "x", ""},
	} {
		if got := indicator.ObservableID(tt.t, tt.value); got != tt.want {
			t.Errorf("ObservableID(%s, %s) = %s, want %s", tt.t, tt.value, got, tt.want)
		}
	}
	seen := map[string]indicator.Type{}
	for _, typ := range indicator.Types {
		id := indicator.ID(typ, "same")
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s share the id %s", typ, other, id)
		}
		seen[id] = typ
	}
}

func TestLossReport(t *testing.T) {
	var r indicator.LossReport
	r.Store(indicator.IPv4)
	r.Merge(indicator.IPv4)
	r.Drop("bad-url")
	var sum indicator.LossReport
	sum.Add(r)
	sum.Add(r)
	got, err := json.Marshal(sum)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"in":6,"stored":2,"merged":2,"dropped":{"bad-url":2},"types":{"ipv4-addr":4}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if empty, _ := json.Marshal(indicator.LossReport{}); string(empty) != `{"in":0,"stored":0,"merged":0,"dropped":{}}` {
		t.Errorf("an empty report is %s", empty)
	}
	if !sum.Balanced() {
		t.Error("a report made by its own methods does not balance")
	}
	sum.In++
	if sum.Balanced() {
		t.Error("an entry vanished and the report balances")
	}
}

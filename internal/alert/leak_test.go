package alert_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/alert"
)

var at = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

func leaked(kind credential.Kind, daysBefore float64) alert.Leak {
	return alert.Leak{Account: "j.doe", Kind: kind, Password: true, Time: at.Add(-time.Duration(daysBefore * 24 * float64(time.Hour)))}
}

// A stealer log says more than a breach with passwords, that more than a combination list,
// and that more than a spam list, at every age up to a year.
func TestLeakKindsInOrder(t *testing.T) {
	for _, days := range []float64{0, 1, 30, 90} {
		last := 100.0
		for _, kind := range []credential.Kind{"stealer", "breach", "combo", "spam"} {
			l := leaked(kind, days)
			w := l.Weight(at)
			if w >= last || w <= 0 {
				t.Errorf("%s, %g days before, weighs %g, the kind before it %g", kind, days, w, last)
			}
			last = w
		}
	}
}

// What is older, was changed since, had no password, is for another's site or was taken
// afterwards never weighs more.
func TestLeakWeightFalls(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	kinds := []credential.Kind{"stealer", "breach", "combo", "spam", "nonsense", ""}
	for range 2000 {
		l := leaked(kinds[r.IntN(len(kinds))], r.Float64()*2000)
		w := l.Weight(at)
		if w < 0 || w > 2 {
			t.Fatalf("%+v weighs %g", l, w)
		}
		for name, less := range map[string]func(*alert.Leak){
			"older":    func(l *alert.Leak) { l.Time = l.Time.Add(-time.Duration(r.IntN(1000)) * time.Hour) },
			"changed":  func(l *alert.Leak) { l.Changed = at },
			"password": func(l *alert.Leak) { l.Password = false },
			"site":     func(l *alert.Leak) { l.Elsewhere = true },
			"after":    func(l *alert.Leak) { l.Time = at.Add(at.Sub(l.Time) + 25*time.Hour) },
		} {
			other := l
			less(&other)
			if v := other.Weight(at); v > w {
				t.Fatalf("%s: %+v weighs %g, %+v %g", name, other, v, l, w)
			}
		}
	}
	var none *alert.Leak
	if none.Weight(at) != 0 {
		t.Error("no leak weighs something")
	}
}

func TestWhatALeakBearsOn(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    alert.Detection
		want bool
	}{
		{"a sign-in", alert.Detection{Account: alert.Account{Name: "j", Used: true}}, true},
		{"valid accounts", alert.Detection{Account: alert.Account{Name: "j"}, Techniques: []string{"T1078.004"}}, true},
		{"remote access", alert.Detection{Account: alert.Account{Name: "j"}, Techniques: []string{"T1133"}}, true},
		{"moving on", alert.Detection{Account: alert.Account{Name: "j"}, Tactic: "lateral-movement"}, true},
		{"a scan", alert.Detection{Account: alert.Account{Name: "j"}, Tactic: "reconnaissance"}, false},
		{"a beacon", alert.Detection{Account: alert.Account{Name: "j"}, Tactic: "command-and-control", Techniques: []string{"T1071"}}, false},
		{"nobody", alert.Detection{Account: alert.Account{Used: true}, Tactic: "initial-access"}, false},
	} {
		if got := tt.d.AboutAccount(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	host := alert.Entity{Kind: "host", Name: "laptop"}
	for _, tt := range []struct {
		d    alert.Detection
		want bool
	}{
		{alert.Detection{Entity: host, Tactic: "command-and-control"}, true},
		{alert.Detection{Entity: host}, true},
		{alert.Detection{Entity: host, Tactic: "reconnaissance"}, false},
		{alert.Detection{Entity: alert.Entity{Kind: "host", Name: "proxy", Shared: true}}, false},
		{alert.Detection{Entity: alert.Entity{Kind: "user", Name: "j"}}, false},
	} {
		if got := tt.d.AboutHost(); got != tt.want {
			t.Errorf("%+v: %v", tt.d, got)
		}
	}
}

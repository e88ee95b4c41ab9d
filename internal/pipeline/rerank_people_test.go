package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/ref"
)

// staff is a profile of four ordinary hosts and one person, who has special rights or not.
func staff(privileged bool, criticality string) []byte {
	return append([]byte(strings.Replace(string(house(4, -1)), "criticality: normal", "criticality: "+criticality, 1)),
		fmt.Sprintf("people:\n  - {name: Alice Doe, role: Domain admin, accounts: [adm-alice], emails: [alice@house.example], privileged: %t}\n", privileged)...)
}

// atWork is a rule that fired on a host while somebody was at work there, or on an account.
func atWork(i int, entity alert.Entity) alert.Detection {
	ev, rule := ref.Ref{Kind: ref.Event, ID: fmt.Sprint("work", i)}, fmt.Sprint("rule of ", entity.Kind)
	return alert.Detection{
		ID: alert.DetectionID(ev, rule, ""), Time: time.Date(2026, 5, 4, 8, i, 0, 0, time.UTC).Add(time.Duration(i) * 24 * time.Hour), Event: ev, Sensor: "sigma",
		Summary: entity.Name + ": " + rule, Tactic: "execution", Entity: entity, Reason: alert.Reason{Kind: alert.ByRule, Key: rule, Title: rule, Level: "medium"},
	}
}

// What becomes known of a person ranks anew the open alerts at whose keyboard the person
// was, and those about the account itself; nothing else.
func TestPersonRanksWhatItTouches(t *testing.T) {
	r := newRanking(t, 0, 4)
	r.profile(t, staff(false, "normal"))
	ordinary := func(kind, name, account string) alert.Entity {
		return alert.Entity{Kind: kind, Name: name, Account: account, Criticality: 10, Why: "ordinary"}
	}
	done, err := r.alerts.Take(r.ctx, []alert.Detection{
		atWork(0, ordinary("host", "host0", "adm-alice")), atWork(1, ordinary("host", "host1", "bob")),
		atWork(2, ordinary("host", "host2", "")), atWork(3, ordinary("user", "adm-alice", "")),
		atWork(4, ordinary("host", "host1", "adm-alice")), // of the alert that bob was the first in
	}, nil)
	if err != nil || len(done.Incidents) != 4 {
		t.Fatal(done, err)
	}
	stake := func() (values []float64, said []string) {
		for _, id := range done.Incidents {
			d, err := r.alerts.Incident(r.ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, d.Incident.Assessment.Criticality.Value)
			said = append(said, d.Timeline[len(d.Timeline)-1].Text)
		}
		return values, said
	}
	touched := func(profile []byte, want ...string) {
		t.Helper()
		r.touch = nil
		r.profile(t, profile)
		slices.Sort(want)
		slices.Sort(r.touch)
		if diff := cmp.Diff(want, r.touch); diff != "" {
			t.Errorf("ranked anew (-what the person touches +what was):\n%s", diff)
		}
	}
	touched(staff(true, "normal"), done.Incidents[0], done.Incidents[1], done.Incidents[3])
	values, said := stake()
	if diff := cmp.Diff([]float64{30, 30, 10, 30}, values); diff != "" {
		t.Error(diff)
	}
	for _, i := range []int{0, 3} {
		if !strings.Contains(said[i], "is × 30, was × 10") || i == 0 && !strings.Contains(said[i], "Alice Doe (Domain admin) is at work here, with special rights") {
			t.Errorf("%d says %q", i, said[i])
		}
	}
	// The host of an administrator loses importance, not the administrator.
	touched(staff(true, "low"))
	touched(staff(false, "low"), done.Incidents[0], done.Incidents[1], done.Incidents[3])
	values, _ = stake()
	if diff := cmp.Diff([]float64{3, 10, 10, 10}, values); diff != "" {
		t.Errorf("without special rights: %s", diff)
	}
}

// An administrator who comes to a host on which a rule fires already raises what it is
// worth; an ordinary account after that lowers nothing.
func TestAdministratorComesLater(t *testing.T) {
	r := newRanking(t, 0, 4)
	var last alert.Detail
	for i, value := range []float64{10, 30, 10} {
		e := alert.Entity{Kind: "host", Name: "host0", Account: fmt.Sprint("account", i), Criticality: value, Why: "ordinary"}
		done, err := r.alerts.Take(r.ctx, []alert.Detection{func() alert.Detection {
			d := atWork(i, e)
			d.Time = d.Time.Add(-time.Duration(i) * 24 * time.Hour)
			return d
		}()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if last, err = r.alerts.Incident(r.ctx, done.Incidents[0]); err != nil {
			t.Fatal(err)
		}
	}
	if v := last.Incident.Assessment.Criticality.Value; v != 30 || last.Incident.Entities[0].Account != "account1" {
		t.Errorf("× %g by %+v", v, last.Incident.Entities)
	}
}

package pipeline

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/sigma"
)

// told is what a matcher tells the keeper of one lot: what it found, and what the
// keeper alone can judge because it needs what came before.
type told struct {
	Extent     telemetry.Extent    `json:"extent"`
	Found      []alert.Detection   `json:"found,omitempty"`
	Correlates []telemetry.Seq     `json:"correlates,omitempty"` // events that a correlation wants to know of
	Followed   string              `json:"followed,omitempty"`   // which correlations the matcher knew
	Partly     []telemetry.Seq     `json:"partly,omitempty"`     // events that satisfy a part of a pattern over several
	Fired      map[string]int      `json:"fired,omitempty"`      // by rule
	Excepted   map[string]int      `json:"excepted,omitempty"`   // by exception
	Sources    []sourceCount       `json:"sources,omitempty"`
	Decoded    []telemetry.Decoded `json:"decoded,omitempty"`
	Strangers  []strangerSeen      `json:"strangers,omitempty"`
	Buried     string              `json:"buried,omitempty"` // why nobody could take it
}

type sourceCount struct {
	Source sigma.LogSource `json:"source"`
	Events int             `json:"events"`
}

// strangerSeen is a host of ours that no asset names, as events of one lot name it.
type strangerSeen struct {
	Address netip.Addr `json:"address"`
	At      time.Time  `json:"at"`
	Name    string     `json:"name,omitempty"`
	Port    int        `json:"port,omitempty"`
	Events  int        `json:"events"`
}

// strangersTold bounds how many of them a lot tells of.
const strangersTold = 256

// teller gathers what there is to tell of one lot.
type teller struct {
	told
	decoded   map[[2]string]*telemetry.Decoded
	strangers map[strangerKey]*strangerSeen
}

type strangerKey struct {
	a    netip.Addr
	name string
	port int
}

func newTeller() *teller {
	return &teller{
		told:    told{Fired: map[string]int{}, Excepted: map[string]int{}},
		decoded: map[[2]string]*telemetry.Decoded{}, strangers: map[strangerKey]*strangerSeen{},
	}
}

// add tells of one record that was looked at.
func (t *teller) add(l *viewed, x *org.Index) {
	if !l.fresh {
		return
	}
	if telemetry.Imported(l.record.Source) {
		t.Found = append(t.Found, l.old()...)
		return
	}
	key := [2]string{l.record.Source, l.event.Format}
	d := t.decoded[key]
	if d == nil {
		d = &telemetry.Decoded{Source: key[0], Format: key[1]}
		t.decoded[key] = d
	}
	d.Count(l.claimed, l.record.Received)
	strangers(&l.event, x, t.stranger)
	t.Found = append(t.Found, l.found...)
	t.Found = append(t.Found, byRules(&l.about, l.sight.matches)...)
	for _, m := range l.sight.matches {
		t.Fired[m.rule.ID]++
	}
	for _, e := range l.sight.excepted {
		t.Excepted[e]++
	}
	if len(l.partly.sights) > 0 {
		t.Partly = append(t.Partly, l.record.Seq)
	}
	if l.sight.correlates {
		t.Correlates = append(t.Correlates, l.record.Seq)
	}
}

func (t *teller) stranger(a netip.Addr, at time.Time, name string, port int) {
	key := strangerKey{a, name, port}
	s := t.strangers[key]
	if s == nil {
		if len(t.strangers) >= strangersTold {
			return
		}
		s = &strangerSeen{Address: a, Name: name, Port: port}
		t.strangers[key] = s
	}
	s.At = at
	s.Events++
}

// data is what is kept of it.
func (t *teller) data(extent telemetry.Extent, sources map[sigma.LogSource]int) ([]byte, error) {
	t.Extent = extent
	for _, d := range t.decoded {
		t.Decoded = append(t.Decoded, *d)
	}
	for _, s := range t.strangers {
		t.Strangers = append(t.Strangers, *s)
	}
	for s, n := range sources {
		t.Sources = append(t.Sources, sourceCount{s, n})
	}
	b, err := json.Marshal(t.told)
	if err != nil {
		return nil, fmt.Errorf("write down what was found: %w", err)
	}
	return b, nil
}

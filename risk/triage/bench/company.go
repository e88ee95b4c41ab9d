// Package bench measures triage on labelled alerts, beside the formulas of other
// products on the same sessions and incidents.
//
// [Read] reads one company's alerts, [Run] replays some companies, each judged
// without its own labels, and returns [Report]: rows, and a summary that
// [Report.Check] holds against expectations. Nothing in it knows a company's name,
// host or rule, except the published severities of [Severity].
package bench

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/risk/triage"
)

// Company is one organisation's labelled alerts in order of time.
type Company struct {
	Name   string
	Alerts []triage.Alert
	Phases []Phase        // of its attack, as published or else as labelled
	Bad    map[string]int // rows passed over, by reason
	labels []label        // of Alerts
	names  []string       // of steps, by number; 0 is none
}

// label of an alert.
type label struct {
	window uint8 // step in whose time it lies, by number
	event  uint8 // step that caused it, by number
}

// Phase is a step of an attack. First and Last are zero when only labels name it.
type Phase struct {
	Name        string
	First, Last time.Time
}

// Bounds of what is read.
const (
	maxRows  = 20_000_000
	maxSteps = 200
	maxPhase = 1 << 20
)

// harmless are the labels that mean "no attack".
var harmless = []string{"", "-", "false_positive"}

// columns that a file must have, in any order; others are passed over.
var columns = []string{"time", "name", "host", "time_label", "event_label"}

// Read reads CSV with a header of at least time (Unix seconds or RFC 3339), name
// ("DETECTOR: rule"), host, time_label and event_label: the labels of AIT-ADS,
// where time_label names the step of the attack in whose time an alert lies
// ("false_positive" for none) and event_label the step that caused it ("-" for
// none). phases may be nil. A row that cannot be read is counted in Bad; a file
// without the columns, without rows or beyond the bounds is an error.
func Read(name string, r io.Reader, phases []Phase) (*Company, error) {
	c := &Company{Name: name, Bad: map[string]int{}, names: []string{""}}
	rows := csv.NewReader(bufio.NewReaderSize(r, 1<<18))
	rows.ReuseRecord, rows.FieldsPerRecord = true, -1
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("no header can be read: %w", err)
	}
	at, err := header(head)
	if err != nil {
		return nil, err
	}
	in := reading{company: c, texts: map[string]string{}, steps: map[string]uint8{}, at: at}
	for n := 2; ; n++ {
		rec, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if n > maxRows {
			return nil, fmt.Errorf("more than %d rows", maxRows)
		}
		var bad *csv.ParseError
		switch {
		case errors.As(err, &bad):
			c.Bad["not CSV"]++
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		default:
			if err := in.row(rec); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	if len(c.Alerts) == 0 {
		return nil, fmt.Errorf("no row could be read as an alert; passed over %v", c.Bad)
	}
	c.sort()
	c.phases(phases)
	return c, nil
}

func header(head []string) (map[string]int, error) {
	at := map[string]int{}
	for i, h := range head {
		at[strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))] = i
	}
	var missing []string
	for _, c := range columns {
		if _, ok := at[c]; !ok {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the column %s is missing; the header must name %s, and has %q",
			strings.Join(missing, ", "), strings.Join(columns, ", "), strings.Join(head[:min(len(head), 12)], ","))
	}
	return at, nil
}

// reading is the state of one Read.
type reading struct {
	company *Company
	at      map[string]int
	texts   map[string]string // one copy of each name
	steps   map[string]uint8
}

func (in *reading) row(rec []string) error {
	c := in.company
	field := func(name string) string {
		if i := in.at[name]; i < len(rec) {
			return rec[i]
		}
		return ""
	}
	t, ok := instant(field("time"))
	rule, host := in.text(field("name")), in.text(field("host"))
	switch {
	case !ok:
		c.Bad["no time"]++
		return nil
	case rule == "" || host == "":
		c.Bad["no name or host"]++
		return nil
	}
	var l label
	var err error
	if l.window, err = in.step(field("time_label")); err != nil {
		return err
	}
	if l.event, err = in.step(field("event_label")); err != nil {
		return err
	}
	sensor, _, _ := strings.Cut(rule, ":")
	c.Alerts = append(c.Alerts, triage.Alert{Time: t, Rule: rule, Sensor: sensor, Entity: host, Severity: Severity(rule)})
	c.labels = append(c.labels, l)
	return nil
}

func (in *reading) text(s string) string {
	if t, ok := in.texts[s]; ok {
		return t
	}
	t := strings.Clone(strings.TrimSpace(s))
	in.texts[strings.Clone(s)] = t
	return t
}

func (in *reading) step(s string) (uint8, error) {
	if slices.Contains(harmless, s) {
		return 0, nil
	}
	if n, ok := in.steps[s]; ok {
		return n, nil
	}
	if len(in.company.names) > maxSteps {
		return 0, fmt.Errorf("more than %d different labels: is this the right column?", maxSteps)
	}
	n := uint8(len(in.company.names))
	s = strings.Clone(s)
	in.company.names = append(in.company.names, s)
	in.steps[s] = n
	return n, nil
}

func instant(s string) (time.Time, bool) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if math.IsNaN(f) || f < 0 || f > 1e11 {
			return time.Time{}, false
		}
		sec, frac := math.Modf(f)
		return time.Unix(int64(sec), int64(frac*1e9)).UTC(), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func (c *Company) sort() {
	order := make([]int, len(c.Alerts))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return c.Alerts[order[i]].Time.Before(c.Alerts[order[j]].Time) })
	alerts, labels := make([]triage.Alert, len(order)), make([]label, len(order))
	for to, from := range order {
		alerts[to], labels[to] = c.Alerts[from], c.labels[from]
	}
	c.Alerts, c.labels = alerts, labels
}

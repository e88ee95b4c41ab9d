package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/landscape"
)

// Landscape says who threatens the organisation: it gathers what the knowledge
// base, the profile, the incidents and the reports say, and has it ranked. What it
// found is kept for a minute. Safe for concurrent use.
type Landscape struct {
	Intel    *intel.Service
	Org      *org.Service
	Alerts   *alert.Service
	Reports  *report.Service // nil = no reports
	Watching Watching
	Reader   *landscape.Reader
	Now      func() time.Time // nil = time.Now

	mu   sync.Mutex
	kept *Threats // guarded by mu
	of   *org.Index
}

// Threats is the landscape at one time.
type Threats struct {
	AsOf      time.Time           `json:"as_of"`
	Sectors   []string            `json:"sectors"`   // of ours
	Countries []string            `json:"countries"` // of ours
	Actors    []Threat            `json:"actors"`
	Campaigns []CampaignThreat    `json:"campaigns"`
	Coverage  *Coverage           `json:"-"`
	Incidents map[string][]Shown  `json:"-"` // by technique
	Logs      map[string]LogReach `json:"-"` // by technique
	byID      map[string]int
}

// Threat is one actor of the landscape.
type Threat struct {
	landscape.Assessment
	Members    []string    `json:"members"`    // ids of all entities that are this actor
	Techniques []Technique `json:"techniques"` // that it uses
	Gaps       int         `json:"gaps"`       // of them, those that no rule of ours could see
}

// Technique is one that an actor uses.
type Technique struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Sight Sight  `json:"sight"`
}

// Shown is an incident that shows a technique.
type Shown struct {
	ID     string    `json:"id"`
	Number int       `json:"number"`
	Title  string    `json:"title"`
	Last   time.Time `json:"last"`
}

// landscapeLife is how long a landscape is good: nothing in it changes by the
// second, and making it reads every actor.
const landscapeLife = time.Minute

// Forget makes the next question be answered anew.
func (l *Landscape) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = nil
}

// Threats returns the landscape.
func (l *Landscape) Threats(ctx context.Context) (*Threats, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	index := l.Org.Index()
	if l.kept != nil && l.of == index && now().Sub(l.kept.AsOf) < landscapeLife {
		return l.kept, nil
	}
	t, err := l.make(ctx, index.Profile, now().UTC())
	if err != nil {
		return nil, err
	}
	l.kept, l.of = t, index
	return t, nil
}

// Actor returns the threat that an entity is.
func (t *Threats) Actor(entity string) (Threat, bool) {
	i, ok := t.byID[entity]
	if !ok {
		return Threat{}, false
	}
	return t.Actors[i], true
}

func (l *Landscape) make(ctx context.Context, p org.Profile, now time.Time) (*Threats, error) {
	circle, err := l.Intel.Actors(ctx)
	if err != nil {
		return nil, err
	}
	cover, err := l.Watching.Coverage(ctx, now)
	if err != nil {
		return nil, err
	}
	incidents, err := l.incidents(ctx)
	if err != nil {
		return nil, err
	}
	reports, err := l.reports(ctx)
	if err != nil {
		return nil, err
	}
	logs, err := l.Intel.Logs(ctx)
	if err != nil {
		return nil, err
	}
	t := &Threats{AsOf: now, Logs: cover.reaches(logs), Sectors: p.Sectors, Countries: p.Countries, Coverage: cover, Incidents: met(incidents), byID: map[string]int{}}
	g := gathering{circle: &circle, users: usersOf(&circle), named: namedIn(incidents), reports: reports}
	var actors []landscape.Actor
	of := map[string]*intel.Actor{}
	for i := range circle.Actors {
		a := &circle.Actors[i]
		of[a.ID] = a
		actors = append(actors, g.actor(a))
	}
	for i, a := range landscape.Assess(profileOf(p), actors, l.Reader, now) {
		threat := Threat{Assessment: a}
		for _, m := range of[a.ID].Members {
			threat.Members = append(threat.Members, m.ID)
			t.byID[m.ID] = i
		}
		for _, e := range circle.Uses(of[a.ID], "attack-pattern") {
			if e.AttackID == "" {
				continue
			}
			sight, _ := cover.Of(e.AttackID)
			threat.Techniques = append(threat.Techniques, Technique{e.AttackID, e.Name, sight})
			if !sight.Seen() {
				threat.Gaps++
			}
		}
		slices.SortFunc(threat.Techniques, func(a, b Technique) int { return strings.Compare(a.ID, b.ID) })
		threat.Techniques = slices.CompactFunc(threat.Techniques, func(a, b Technique) bool { return a.ID == b.ID })
		t.Actors = append(t.Actors, threat)
	}
	t.Campaigns = g.campaigns(t, profileOf(p), l.Reader, now)
	return t, nil
}

func profileOf(p org.Profile) landscape.Profile {
	out := landscape.Profile{Sectors: p.Sectors, Countries: p.Countries}
	for _, t := range p.Technologies {
		out.Technologies = append(out.Technologies, landscape.Technology{Vendor: t.Vendor, Name: t.Name})
	}
	for _, a := range p.Assets {
		for _, name := range a.Technologies {
			out.Technologies = append(out.Technologies, landscape.Technology{Name: name})
		}
	}
	return out
}

// incidentsRead bounds the incidents that are looked through.
const incidentsRead = 5000

// incidents returns open and closed ones, the open first.
func (l *Landscape) incidents(ctx context.Context) ([]alert.Incident, error) {
	var out []alert.Incident
	for _, state := range []alert.State{alert.Open, alert.Closed} {
		cursor := ""
		for len(out) < incidentsRead {
			list, next, err := l.Alerts.Queue(ctx, alert.QueueQuery{State: state, Limit: 500, Cursor: cursor})
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
			if cursor = next; next == "" {
				break
			}
		}
	}
	return out, nil
}

func (l *Landscape) reports(ctx context.Context) (map[string]report.Report, error) {
	out := map[string]report.Report{}
	if l.Reports == nil {
		return out, nil
	}
	list, err := l.Reports.Reports(ctx, 1000)
	for _, r := range list {
		out[r.SourceID()] = r
	}
	return out, err
}

// met sorts incidents by the techniques they show.
func met(incidents []alert.Incident) map[string][]Shown {
	out := map[string][]Shown{}
	for _, i := range incidents {
		if refuted(i) {
			continue
		}
		for _, t := range i.Techniques {
			out[t] = append(out[t], Shown{i.ID, i.Number, i.Title, i.Last})
		}
	}
	return out
}

func refuted(i alert.Incident) bool {
	return i.Verdict != nil && (i.Verdict.Kind == alert.FalsePositive || i.Verdict.Kind == alert.Test || i.Verdict.Kind == alert.BenignTruePositive)
}

// namedIn sorts incidents by the names they bear.
func namedIn(incidents []alert.Incident) map[string][]alert.Incident {
	out := map[string][]alert.Incident{}
	for _, i := range incidents {
		for _, n := range i.Names {
			n = intel.FoldName(n)
			out[n] = append(out[n], i)
		}
	}
	return out
}

// usersOf counts by how many actors each thing is used.
func usersOf(c *intel.Circle) map[string]int {
	out := map[string]int{}
	for i := range c.Actors {
		for _, e := range c.Uses(&c.Actors[i], "malware", "tool") {
			out[e.ID]++
		}
	}
	return out
}

// gathering puts together what is known of actors.
type gathering struct {
	circle  *intel.Circle
	users   map[string]int
	named   map[string][]alert.Incident
	reports map[string]report.Report
}

func (g gathering) actor(a *intel.Actor) landscape.Actor {
	out := landscape.Actor{ID: a.ID, Name: a.Name, Type: a.Type, Aliases: a.Aliases}
	for _, m := range a.Members {
		if out.Origin == "" {
			out.Origin = m.Country
		}
		for _, s := range m.Sectors {
			out.Sectors = append(out.Sectors, landscape.Claim{Value: s, Source: m.Source})
		}
		for _, v := range m.Victims {
			out.Places = append(out.Places, landscape.Claim{Value: v, Source: m.Source})
		}
		if m.Description != "" {
			out.Texts = append(out.Texts, landscape.Text{Body: m.Description, Source: m.Source})
		}
		if r, ok := g.reports[m.Source]; ok {
			out.Reports = append(out.Reports, landscape.Report{ID: r.ID, Name: r.Name, Time: r.Added})
		}
	}
	for _, c := range a.Campaigns {
		for _, s := range c.Sectors {
			out.Sectors = append(out.Sectors, landscape.Claim{Value: s, Source: c.Source + ", campaign " + c.Name})
		}
		for _, v := range c.Victims {
			out.Places = append(out.Places, landscape.Claim{Value: v, Source: c.Source + ", campaign " + c.Name})
		}
		if c.Description != "" {
			out.Texts = append(out.Texts, landscape.Text{Body: c.Description, Source: c.Source + ", campaign " + c.Name})
		}
	}
	for _, e := range g.circle.Targeted(a, "identity", "location") {
		c := landscape.Claim{Value: e.Name, Source: e.Source}
		out.Sectors, out.Places = append(out.Sectors, c), append(out.Places, c)
	}
	for _, e := range g.circle.Targeted(a, "vulnerability") {
		out.Exploits = append(out.Exploits, landscape.Claim{Value: e.Name, Source: e.Source, Sentence: e.Name + ": " + e.Description})
	}
	software := g.circle.Uses(a, "malware", "tool")
	for _, e := range software {
		if e.Description != "" {
			out.Texts = append(out.Texts, landscape.Text{Body: e.Description, Source: e.Source, Of: e.Name})
		}
	}
	out.Seen = g.sights(a, software)
	if j := a.Targeting; j != nil {
		out.Judged = &landscape.Judgement{Targets: j.Targets, Why: j.Why, By: j.By, Time: j.Time}
	}
	return out
}

func (g gathering) sights(a *intel.Actor, software []intel.Entity) []landscape.Sight {
	var out []landscape.Sight
	add := func(name string, soft bool, users int) {
		for _, i := range g.named[intel.FoldName(name)] {
			out = append(out, landscape.Sight{Incident: i.ID, Number: i.Number, Name: name, Software: soft, Users: users, Last: i.Last, Refuted: refuted(i)})
		}
	}
	mine := map[string]bool{}
	for _, n := range append([]string{a.Name}, a.Aliases...) {
		if f := intel.FoldName(n); !mine[f] {
			mine[f] = true
			add(n, false, 0)
		}
	}
	for _, e := range software {
		names := map[string]string{}
		for _, n := range append([]string{e.Name}, e.Aliases...) {
			if f := intel.FoldName(n); !mine[f] {
				names[f] = n
			}
		}
		for _, f := range slices.Sorted(maps.Keys(names)) {
			add(names[f], true, g.users[e.ID])
		}
	}
	return out
}

// Summary is the landscape in one sentence.
func (t *Threats) Summary() string {
	n := map[landscape.State]int{}
	for _, a := range t.Actors {
		n[a.State]++
	}
	return fmt.Sprintf("%d actors: something speaks for %d, %d are said to target others, and of %d nobody says whom they target.", len(t.Actors), n[landscape.Relevant], n[landscape.Other], n[landscape.Unknown])
}

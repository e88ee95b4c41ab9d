package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
)

// entityPage is an actor, a malware, a technique or what else intelligence speaks
// about.
type entityPage struct {
	Entity    intel.Entity
	Groups    []relationGroup
	Hood      *hood
	Cut       bool // there are more relations than shown
	Tactics   []string
	KnownOnly bool // only the catalogue names it, the knowledge base does not hold it
	SourceURL string
	CanAct    bool

	Indicators []intel.Row
	Live       int // indicators of its names
	Expired    int
	More       bool // there are more than were counted
	MoreURL    string

	Threat *pipeline.Threat   // of an actor
	Rules  []pipeline.RuleFor // of a technique
	Sight  string
	Detect []pipeline.Detection // how ATT&CK says it is detected
	Met    []pipeline.Shown     // incidents here

	Same     []sameLine // the same thing elsewhere
	Maybe    []sameLine // what bears one of its names
	Called   []calledLine
	Versions []versionLine
	AsOf     time.Time // shown is what was known then; zero = now
	Rule     string    // of an indicator whose pattern is a rule: its text
	RuleType string
}

// relationGroup is the relations of one sort.
type relationGroup struct {
	Label string
	Lines []relationLine
}

// HuntURL asks for events that name the technique; "" for other entities.
func (p entityPage) HuntURL() string {
	if p.Entity.Type != "attack-pattern" || p.Entity.AttackID == "" {
		return ""
	}
	return "/hunt?" + url.Values{
		"q": {"threat.technique.id:" + p.Entity.AttackID + "*"}, "technique": {p.Entity.AttackID}, "hypothesis": {"Somebody uses " + p.Entity.Name + " here."},
	}.Encode()
}

func (entityPage) template() string { return "entity" }
func (p entityPage) title() string  { return short(80, p.Entity.Name) }

// relationsShown bounds the relations of one entity on its page.
const relationsShown = 400

func (s *server) showEntity(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	e, err := s.cfg.Intel.Entity(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := entityPage{Entity: e, MoreURL: nameSearchURL(e.Name), SourceURL: attack.ID(e.AttackID).URL(), CanAct: mayAct(v)}
	lines, err := s.relations(r.Context(), ref.Ref{Kind: ref.Entity, ID: e.ID}, relationsShown)
	if err != nil {
		return nil, err
	}
	p.Groups, p.Cut = groupRelations(lines), len(lines) == relationsShown
	if len(p.Groups) > 0 {
		h := newHood(e.Name, lines)
		p.Hood = &h
	}
	if err := s.versions(r, &p); err != nil {
		return nil, err
	}
	if err := s.identity(r.Context(), &p); err != nil {
		return nil, err
	}
	return p, s.around(r.Context(), &p)
}

// around adds what rules, incidents and indicators have to do with the entity.
func (s *server) around(ctx context.Context, p *entityPage) error {
	t, err := s.cfg.Landscape.Threats(ctx)
	if err != nil {
		return err
	}
	e := p.Entity
	if e.Type == "attack-pattern" {
		_, p.Tactics, _ = s.cfg.Technique(e.AttackID)
		if e.AttackID != "" { // not a pattern of CAPEC
			s.techniqueHere(t, p)
			strategies, err := s.cfg.Intel.Strategies(ctx, e.ID)
			if err != nil {
				return err
			}
			p.Detect = t.Coverage.Detections(strategies)
		}
		return nil
	}
	if a, ok := t.Actor(e.ID); ok {
		p.Threat = &a
	}
	if e.Type != "course-of-action" {
		if err := s.incidentsNamed(ctx, p); err != nil {
			return err
		}
	}
	return s.indicatorsNamed(ctx, p)
}

// techniqueHere adds which rules would see a technique, and which incidents show it.
func (s *server) techniqueHere(t *pipeline.Threats, p *entityPage) {
	sight, rules := t.Coverage.Of(p.Entity.AttackID)
	p.Sight = pipeline.Cell{Sight: sight}.Text(pipeline.ByCoverage)
	p.Rules = rules
	p.Met = t.Incidents[p.Entity.AttackID]
	p.Met = p.Met[:min(len(p.Met), incidentsShown)]
}

// incidentsShown bounds the incidents named on an entity's page.
const incidentsShown = 50

// names are what the entity is called, bounded.
func (p *entityPage) names() []string {
	return append([]string{p.Entity.Name}, p.Entity.Aliases...)[:min(1+len(p.Entity.Aliases), 20)]
}

func (s *server) incidentsNamed(ctx context.Context, p *entityPage) error {
	shared, err := s.cfg.Alerts.Sharing(ctx, "", p.names(), incidentsShown)
	for _, x := range shared {
		p.Met = append(p.Met, pipeline.Shown{ID: x.Incident.ID, Number: x.Incident.Number, Title: x.Incident.Title, Last: x.Incident.Last})
	}
	return err
}

// indicatorsCounted bounds what is counted of each name.
const indicatorsCounted = 1000

func (s *server) indicatorsNamed(ctx context.Context, p *entityPage) error {
	have := map[intel.Key]bool{}
	for _, name := range p.names() {
		for _, state := range []string{"live", "expired"} {
			rows, _, err := s.cfg.Intel.Search(ctx, intel.Query{Name: name, State: state, Limit: indicatorsCounted})
			if err != nil {
				return err
			}
			p.More = p.More || len(rows) == indicatorsCounted
			for _, row := range rows {
				switch {
				case have[row.Key]:
				case state == "live":
					p.Live++
					p.Indicators = append(p.Indicators, row)
				default:
					p.Expired++
				}
				have[row.Key] = true
			}
		}
	}
	p.Indicators = p.Indicators[:min(len(p.Indicators), 50)]
	return nil
}

// groupRelations sorts relations by what they say and what is at the other end.
func groupRelations(lines []relationLine) []relationGroup {
	byLabel := map[string][]relationLine{}
	for _, l := range lines {
		if l.Entity == nil {
			continue
		}
		label := strings.ReplaceAll(l.Type, "-", " ") + " "
		if !l.Outward {
			label = "is the target of “" + strings.TrimSpace(label) + "” by "
		}
		label += strings.ReplaceAll(l.Entity.Type, "-", " ")
		byLabel[label] = append(byLabel[label], l)
	}
	var out []relationGroup
	for label, ls := range byLabel {
		slices.SortFunc(ls, func(a, b relationLine) int {
			return cmp.Or(cmp.Compare(a.Entity.AttackID, b.Entity.AttackID), cmp.Compare(a.Entity.Name, b.Entity.Name))
		})
		out = append(out, relationGroup{label, ls})
	}
	slices.SortFunc(out, func(a, b relationGroup) int { return cmp.Compare(a.Label, b.Label) })
	return out
}

// showTechnique shows a technique by its ATT&CK id, also when only the catalogue
// knows it.
func (s *server) showTechnique(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	id := r.PathValue("id")
	name, tactics, ok := s.cfg.Technique(id)
	found, err := s.cfg.Intel.Resolve(r.Context(), []string{id}) // ids are names, too
	if err != nil {
		return nil, err
	}
	for _, e := range found[id] {
		if e.AttackID == id {
			return see(w, r, "/entities/"+e.ID)
		}
	}
	if !ok {
		return nil, errs.New(errs.NotFound, "technique_unknown", "ATT&CK has no technique %q that Vedette knows.", short(40, id))
	}
	e := intel.Entity{Type: "attack-pattern", Name: name, AttackID: id, Source: "ATT&CK catalogue"}
	p := entityPage{Entity: e, Tactics: tactics, KnownOnly: true, SourceURL: attack.ID(id).URL(), MoreURL: nameSearchURL(name)}
	t, err := s.cfg.Landscape.Threats(r.Context())
	if err != nil {
		return nil, err
	}
	s.techniqueHere(t, &p)
	return p, nil
}

package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
)

// entityPage is an actor, a malware, a technique or what else intelligence speaks
// about.
type entityPage struct {
	Entity     intel.Entity
	Groups     []relationGroup
	Cut        bool // there are more relations than shown
	Indicators []intel.Row
	MoreURL    string
	Tactics    []string
	KnownOnly  bool // only the catalogue names it, the knowledge base does not hold it
	SourceURL  string
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

func (s *server) showEntity(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	e, err := s.cfg.Intel.Entity(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := entityPage{Entity: e, MoreURL: nameSearchURL(e.Name), SourceURL: attack.ID(e.AttackID).URL()}
	lines, err := s.relations(r.Context(), ref.Ref{Kind: ref.Entity, ID: e.ID}, relationsShown)
	if err != nil {
		return nil, err
	}
	p.Groups, p.Cut = groupRelations(lines), len(lines) == relationsShown
	if e.Type == "attack-pattern" {
		_, p.Tactics, _ = s.cfg.Technique(e.AttackID)
		return p, nil
	}
	for _, name := range append([]string{e.Name}, e.Aliases...)[:min(1+len(e.Aliases), 10)] {
		rows, _, err := s.cfg.Intel.Search(r.Context(), intel.Query{Name: name, Limit: 25})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if !slices.ContainsFunc(p.Indicators, func(have intel.Row) bool { return have.Key == row.Key }) {
				p.Indicators = append(p.Indicators, row)
			}
		}
	}
	p.Indicators = p.Indicators[:min(len(p.Indicators), 50)]
	return p, nil
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
	return entityPage{Entity: e, Tactics: tactics, KnownOnly: true, SourceURL: attack.ID(id).URL(), MoreURL: nameSearchURL(name)}, nil
}

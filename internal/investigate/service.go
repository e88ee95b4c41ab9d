package investigate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// Limits of what a dossier lists.
const (
	maxRelated    = 25
	maxParties    = 12
	maxTechniques = 40
)

// TechniqueName tells the name and tactics of an ATT&CK technique; ok is false
// for one it does not know.
type TechniqueName func(id string) (name string, tactics []string, ok bool)

// Service gathers dossiers. Safe for concurrent use.
type Service struct {
	sources   Sources
	technique TechniqueName
	likeness  Likeness // nil = it is not asked
}

// New returns a Service.
func New(sources Sources, technique TechniqueName) *Service {
	return &Service{sources: sources, technique: technique}
}

// Dossier gathers what is known around an incident.
func (s *Service) Dossier(ctx context.Context, incident string) (Dossier, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Dossier{}, err
	}
	c, err := s.sources.Case(ctx, incident)
	if err != nil {
		return Dossier{}, err
	}
	var d Dossier
	if d.Indicators, err = s.indicators(ctx, c); err != nil {
		return d, fmt.Errorf("gather indicators: %w", err)
	}
	parties, techniques, err := s.sources.Parties(ctx, c.Names)
	if err != nil {
		return d, fmt.Errorf("resolve names: %w", err)
	}
	for _, p := range parties {
		p.Relevant = relevance(p, c.Profile)
		if p.Type == "malware" || p.Type == "tool" {
			d.Malware = append(d.Malware, p)
		} else {
			d.Actors = append(d.Actors, p)
		}
	}
	d.Actors, d.Malware = d.Actors[:min(len(d.Actors), maxParties)], d.Malware[:min(len(d.Malware), maxParties)]
	d.Techniques = s.techniques(c.Techniques, techniques)
	if d.Related, err = s.related(ctx, c, d.Indicators); err != nil {
		return d, fmt.Errorf("find related indicators: %w", err)
	}
	if d.Earlier, err = s.sources.Earlier(ctx, incident, sharedValues(c)); err != nil {
		return d, fmt.Errorf("find earlier incidents: %w", err)
	}
	if s.likeness != nil {
		if d.Similar, err = s.likeness.Similar(ctx, incident); err != nil {
			return d, fmt.Errorf("find what it is like: %w", err)
		}
	}
	d.Advice = advise(c, d)
	return d, nil
}

// relevance says which words of the organisation profile a party's description
// holds, as whole words.
func relevance(p Party, profile []string) string {
	text := " " + strings.ToLower(strings.Join(strings.FieldsFunc(p.Text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")) + " "
	var met []string
	for _, w := range profile {
		if w != "" && strings.Contains(text, " "+strings.ToLower(w)+" ") {
			met = append(met, w)
		}
	}
	if len(met) == 0 {
		return ""
	}
	return "its description names " + strings.Join(met, ", ") + ", as our profile does"
}

func (s *Service) indicators(ctx context.Context, c Case) ([]Indicator, error) {
	var out []Indicator
	at := map[string]int{}
	for _, r := range c.Reasons {
		if r.Indicator == "" {
			continue
		}
		if i, ok := at[r.Indicator]; ok {
			out[i].Hits += r.Hits
			continue
		}
		ind, ok, err := s.sources.Indicator(ctx, r.Type, r.Value)
		if err != nil {
			return nil, err
		}
		if !ok { // gone from the knowledge base since
			ind = Indicator{ID: r.Indicator, Type: r.Type, Value: r.Value}
		}
		ind.Hits = r.Hits
		at[r.Indicator] = len(out)
		out = append(out, ind)
	}
	slices.SortStableFunc(out, func(a, b Indicator) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return out, nil
}

// techniques puts what was detected here before what is only known of a party.
func (s *Service) techniques(observed []string, known []Technique) []Technique {
	var out []Technique
	have := map[string]bool{}
	add := func(t Technique) {
		if t.ID == "" || have[t.ID] || len(out) >= maxTechniques {
			return
		}
		have[t.ID] = true
		if name, tactics, ok := s.technique(t.ID); ok {
			t.Name, t.Tactics = cmp.Or(t.Name, name), tactics
		}
		out = append(out, t)
	}
	for _, id := range observed {
		add(Technique{ID: id, Why: "detected here", Observed: true})
	}
	for _, t := range known {
		add(t)
	}
	return out
}

// related finds indicators of the same names that were not met yet, those that
// stored events hold first.
func (s *Service) related(ctx context.Context, c Case, met []Indicator) ([]Related, error) {
	named, err := s.sources.Named(ctx, c.Names, 4*maxRelated)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, m := range met {
		have[m.ID] = true
	}
	var out []Related
	for _, n := range named {
		if have[n.ID] {
			continue
		}
		have[n.ID] = true
		seen, err := s.sources.Seen(ctx, n.Type, n.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, Related{
			ID: n.ID, Type: n.Type, Value: n.Value, Names: n.Names, Confidence: n.Confidence, Seen: seen,
			Why: "also known as " + strings.Join(n.Names, ", "),
		})
	}
	slices.SortStableFunc(out, func(a, b Related) int {
		return cmp.Or(cmp.Compare(b.Seen, a.Seen), cmp.Compare(b.Confidence, a.Confidence))
	})
	return out[:min(len(out), maxRelated)], nil
}

// sharedValues is what another incident must have to count as an earlier one.
func sharedValues(c Case) []string {
	values := slices.Clone(c.Names)
	for _, r := range c.Reasons {
		if r.Value != "" {
			values = append(values, r.Value)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// advise writes down what to do, most urgent first. Every sentence rests on
// something the dossier shows.
func advise(c Case, d Dossier) []Advice {
	var out []Advice
	var open, hashes []Block
	for _, r := range c.Reasons {
		switch {
		case r.Indicator == "" || r.Blocked:
		case r.Type == indicator.Domain || r.Type == indicator.URL || r.Type == indicator.IPv4 || r.Type == indicator.IPv6:
			open = append(open, Block{r.Type, r.Value})
		case strings.HasPrefix(string(r.Type), "file:"):
			hashes = append(hashes, Block{r.Type, r.Value})
		}
	}
	open = dedupe(open)
	hosts := listed(c.Entities)
	if len(open) > 0 {
		out = append(out, Advice{
			Title: "Block what was reached", Block: open,
			Text: "Block the addresses and names below; each block has a preview of what it would have cut, and ends by itself.",
			Why:  fmt.Sprintf("%d of the matched indicators were reached, not stopped.", len(open)),
		})
	}
	if len(hashes) > 0 {
		out = append(out, Advice{
			Title: "Find the file", Text: "Look for the file on " + hosts + " and on every other host; quarantine it where it is found.",
			Why: "A file known by its hash was handled; other hosts may hold it under another name.",
		})
	}
	plays := advisePlays(c)
	if len(d.Malware) > 0 && len(c.Entities) > 0 {
		name := d.Malware[0].Name
		out = append(out, isolate(c.Entities, name+" is named by the matched indicators.", name, attack.ID(d.Malware[0].AttackID).URL()))
		plays = slices.DeleteFunc(plays, func(a Advice) bool { return strings.HasPrefix(a.Title, "Isolate ") })
	}
	out = append(out, plays...)
	out = append(out, adviseLeaks(c)...)
	if slices.ContainsFunc(d.Related, func(r Related) bool { return r.Seen > 0 }) {
		out = append(out, Advice{
			Title: "Look at the related indicators that were seen", Text: "Indicators of the same campaign stand in our own events although they raised no alert here.",
			Why: "The history holds them.",
		})
	}
	for _, e := range d.Earlier {
		if e.Verdict == "true-positive" {
			out = append(out, Advice{
				Title: fmt.Sprintf("Read incident %d first", e.Number), Text: "It shares " + strings.Join(e.Shared, ", ") + " and was judged a real attack.",
				Why: "What was left then may be what shows now.",
			})
			break
		}
	}
	if c.Exposed {
		out = append(out, Advice{
			Title: "Check the exposed side", Text: "Read the web and access logs of the exposed host for the hours before " + c.First.Format("2006-01-02 15:04 MST") + ".",
			Why: "A host that can be reached from the internet is concerned.",
		})
	}
	if len(out) == 0 {
		out = append(out, Advice{Title: "Confirm, then judge", Text: "Ask the owner of " + cmp.Or(hosts, "the host") + " whether this activity is expected, and close with a verdict.", Why: "Nothing here calls for a change by itself."})
	}
	return out
}

func dedupe(blocks []Block) []Block {
	slices.SortFunc(blocks, func(a, b Block) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value)) })
	return slices.Compact(blocks)
}

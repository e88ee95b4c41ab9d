package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/landscape"
)

// threatsPage ranks who threatens the organisation.
type threatsPage struct {
	Threats   *pipeline.Threats
	Shown     []threatLine
	Campaigns []pipeline.CampaignThreat // the most relevant
	Total     int                       // that meet the filter
	Filters   []filterLink
	Kinds     []filterLink
	Query     string
	State     string
	Kind      string
	MoreURL   string
	CanAct    bool
	Profile   bool // it says who we are
}

// threatLine is one actor of the list.
type threatLine struct {
	pipeline.Threat
	Rank int
}

// filterLink is a choice of a filter with how many it has.
type filterLink struct {
	Name, URL string
	N         int
	Here      bool
}

func (threatsPage) template() string { return "threats" }
func (threatsPage) title() string    { return "Threats" }

// threatsShown is how many actors a page has.
const threatsShown = 50

var threatStates = []struct {
	state landscape.State
	name  string
}{{"", "all"}, {landscape.Relevant, "relevant"}, {landscape.Unknown, "unknown"}, {landscape.Other, "target others"}}

var threatKinds = []struct {
	kind landscape.Kind
	name string
}{{"", "any reason"}, {landscape.SeenHere, "seen here"}, {landscape.Sector, "our sector"}, {landscape.Country, "our country"}, {landscape.Exposure, "exploits what we have"}, {landscape.Judged, "judged by us"}}

func (s *server) showThreats(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	t, err := s.cfg.Landscape.Threats(r.Context())
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	p := threatsPage{Threats: t, Query: q.Get("q"), State: q.Get("state"), Kind: q.Get("why"), CanAct: mayAct(v), Profile: len(t.Sectors)+len(t.Countries) > 0}
	link := func(key, value string) string {
		next := url.Values{}
		for _, k := range []string{"q", "state", "why"} {
			if x := q.Get(k); x != "" {
				next.Set(k, x)
			}
		}
		next.Set(key, value)
		if value == "" {
			next.Del(key)
		}
		return withQuery("/threats", next)
	}
	limit := threatsShown
	if n, err := strconv.Atoi(q.Get("n")); err == nil && n > 0 {
		limit = min(n, 2000)
	}
	states, kinds := map[landscape.State]int{}, map[landscape.Kind]int{}
	for i, a := range t.Actors {
		if !named(a, p.Query) {
			continue
		}
		states[a.State]++
		states[""]++
		if p.State != "" && string(a.State) != p.State {
			continue
		}
		for _, k := range reasonKinds(a) {
			kinds[k]++
		}
		kinds[""]++
		if p.Kind != "" && !speaks(a, landscape.Kind(p.Kind)) {
			continue
		}
		if p.Total++; p.Total <= limit {
			p.Shown = append(p.Shown, threatLine{a, i + 1})
		}
	}
	for _, f := range threatStates {
		p.Filters = append(p.Filters, filterLink{f.name, link("state", string(f.state)), states[f.state], p.State == string(f.state)})
	}
	for _, f := range threatKinds {
		p.Kinds = append(p.Kinds, filterLink{f.name, link("why", string(f.kind)), kinds[f.kind], p.Kind == string(f.kind)})
	}
	for _, c := range t.Campaigns {
		if p.State == "" && p.Kind == "" && len(p.Campaigns) < threatsShown && named(pipeline.Threat{Assessment: c.Assessment}, p.Query) {
			p.Campaigns = append(p.Campaigns, c)
		}
	}
	if p.Total > limit {
		p.MoreURL = link("n", strconv.Itoa(limit*4))
	}
	return p, nil
}

// named: the actor bears a name that holds the words.
func named(a pipeline.Threat, words string) bool {
	words = strings.ToLower(strings.TrimSpace(words))
	if words == "" || strings.Contains(strings.ToLower(a.Name), words) {
		return true
	}
	for _, n := range a.Aliases {
		if strings.Contains(strings.ToLower(n), words) {
			return true
		}
	}
	return false
}

// speaks: a reason of the kind speaks for the actor, or the analyst's word either
// way.
func speaks(a pipeline.Threat, k landscape.Kind) bool {
	for _, t := range a.Terms {
		if t.Kind == k && (t.Weight > 0 || k == landscape.Judged) {
			return true
		}
	}
	return false
}

func reasonKinds(a pipeline.Threat) []landscape.Kind {
	var out []landscape.Kind
	for _, f := range threatKinds {
		if f.kind != "" && speaks(a, f.kind) {
			out = append(out, f.kind)
		}
	}
	return out
}

// postTargeting keeps what an analyst says of an actor.
func (s *server) postTargeting(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	id := r.PathValue("id")
	if err := s.cfg.Intel.JudgeTargeting(r.Context(), id, r.PostFormValue("verdict"), r.PostFormValue("why")); err != nil {
		return nil, err
	}
	s.cfg.Landscape.Forget()
	return see(w, r, "/entities/"+url.PathEscape(id)+"#relevance")
}

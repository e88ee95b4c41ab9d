package pipeline

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/landscape"
	"github.com/vedette-soc/vedette/vuln"
)

// Setup says what an answer to the guided set-up changes, in figures of this system.
type Setup struct {
	Alerts    *alert.Service
	Landscape *Landscape
	Intel     *intel.Service
	Exposure  *exposure.Service // nil = nothing is known of vulnerabilities
	Strangers *org.Strangers    // nil = nothing is known of unknown hosts
}

// Effect is one thing that an answer changes: a number of what there is, and what they are.
type Effect struct {
	Counted bool // it is a number of something, not only words
	Count   int
	Of      int // 0 = of nothing in particular
	Text    string
	URL     string // where they are shown; "" = nowhere
}

func figure(count, of int, text, url string) Effect { return Effect{true, count, of, text, url} }

// Effects says what the profile makes of this system as far as a step is about it,
// beside what it made before.
func (s Setup) Effects(ctx context.Context, step org.Step, was, is *org.Index) ([]Effect, error) {
	switch step {
	case org.Who:
		return s.actors(ctx, is.Profile)
	case org.Networks:
		list, err := s.ranked(ctx, was, is)
		return append(s.inNetworks(is), list...), err
	case org.Names:
		return s.names(ctx, is)
	case org.Assets:
		list, err := s.ranked(ctx, was, is)
		return append(s.answered(was, is), list...), err
	case org.Products:
		return s.products(ctx, is)
	case org.People:
		return s.accounts(ctx, is)
	}
	return nil, nil
}

// actors counts who is said to target sectors and countries of ours.
func (s Setup) actors(ctx context.Context, p org.Profile) ([]Effect, error) {
	t, err := s.Landscape.Threats(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask who threatens us: %w", err)
	}
	count := func(has func(landscape.Targets) bool) (n int) {
		for _, a := range t.Actors {
			if has(a.Targets) {
				n++
			}
		}
		return n
	}
	var out []Effect
	for _, words := range p.Sectors {
		key, ok := landscape.SectorOf(words)
		if !ok {
			out = append(out, Effect{Text: fmt.Sprintf("%q is no sector that reports speak of: it weighs nothing", words)})
			continue
		}
		n := count(func(t landscape.Targets) bool { return t.Sector(key) })
		out = append(out, figure(n, len(t.Actors), "actors in the knowledge base are said to target "+landscape.SectorName(key)+", or a part or the whole of it", "/threats"))
	}
	for _, code := range p.Countries {
		key, ok := s.Landscape.Reader.PlaceOf(code)
		if !ok {
			out = append(out, Effect{Text: fmt.Sprintf("%q is no country that reports speak of: it weighs nothing", code)})
			continue
		}
		n := count(func(t landscape.Targets) bool { return t.Country(key) })
		out = append(out, figure(n, len(t.Actors), "are said to target "+s.Landscape.Reader.PlaceName(key)+", or a region it is in", "/threats"))
	}
	return out, nil
}

// everyStranger is more than are remembered.
const everyStranger = 1 << 16

// inNetworks counts the hosts that were seen in each network.
func (s Setup) inNetworks(is *org.Index) []Effect {
	if s.Strangers == nil {
		return nil
	}
	list, all, _ := s.Strangers.List(is, everyStranger)
	in := map[string]int{}
	for _, h := range list {
		in[h.Network]++
	}
	var out []Effect
	for _, n := range is.Profile.Networks {
		if in[n.Name] > 0 {
			out = append(out, figure(in[n.Name], all, "hosts without a name of their own were seen in "+n.Name, "/organisation#strangers"))
		}
	}
	if in[""] > 0 {
		out = append(out, figure(in[""], all, "hosts with private addresses were seen in none of these networks", "/organisation#strangers"))
	}
	return out
}

// answered counts the hosts seen in traffic that have a name now.
func (s Setup) answered(was, is *org.Index) []Effect {
	crown := 0
	for _, a := range is.Profile.Assets {
		if a.Criticality == org.Crown {
			crown++
		}
	}
	out := []Effect{figure(crown, len(is.Profile.Assets), "assets are crown jewels: what touches one counts ten times what touches an ordinary host", "")}
	if s.Strangers == nil {
		return out
	}
	_, before, _ := s.Strangers.List(was, 0)
	if _, after, _ := s.Strangers.List(is, 0); before > 0 && was != is {
		out = append(out, figure(max(0, before-after), before, "hosts that were seen in traffic and had no name get one", "/organisation#strangers"))
	}
	return out
}

// ranked counts the open incidents about what is described unlike before.
func (s Setup) ranked(ctx context.Context, was, is *org.Index) ([]Effect, error) {
	all, err := s.Alerts.Entities(ctx)
	if err != nil {
		return nil, fmt.Errorf("list what alerts are about: %w", err)
	}
	var changed []alert.Who
	names, known := map[string]bool{}, map[string]bool{}
	for _, w := range all {
		before, after := describe(w, was), describe(w, is)
		if !reflect.DeepEqual(before, after) {
			changed = append(changed, w)
		}
		names[w.Name] = true
		if after.AssetID != "" {
			known[w.Name] = true
		}
	}
	touched, err := s.Alerts.Open(ctx, changed)
	if err != nil {
		return nil, fmt.Errorf("count what would be ranked anew: %w", err)
	}
	totals, err := s.Alerts.Totals(ctx)
	if err != nil {
		return nil, err
	}
	open := 0
	for _, n := range totals.Open {
		open += n
	}
	var out []Effect
	if was != is {
		out = append(out, figure(touched, open, "open incidents are ranked anew by this", "/"))
	}
	if len(names) > 0 {
		out = append(out, figure(len(known), len(names), "hosts and accounts that alerts are about are assets of the profile", ""))
	}
	return out, nil
}

// Bounds of asking the knowledge base about domains: a million indicators take a while.
const (
	namesAsked = 10
	namesFor   = 3 * time.Second
)

// names counts the indicators that turn out to be our own.
func (s Setup) names(ctx context.Context, is *org.Index) ([]Effect, error) {
	domains := slices.Clone(is.Profile.Domains)
	for _, b := range is.Profile.Brands {
		domains = append(domains, b.Domains...)
	}
	own := map[string]bool{}
	asking, cancel := context.WithTimeout(ctx, namesFor)
	defer cancel()
	late := ""
	for _, d := range domains[:min(len(domains), namesAsked)] {
		list, _, err := s.Intel.Search(asking, intel.Query{Text: d, Limit: 1000})
		if asking.Err() != nil && ctx.Err() == nil {
			late = ", and there may be more: not all were looked through"
			break
		}
		if err != nil {
			return nil, fmt.Errorf("ask for indicators about %s: %w", d, err)
		}
		for _, i := range list {
			if is.Own(i.Type, i.Value) != "" {
				own[i.ID] = true
			}
		}
	}
	return []Effect{
		figure(len(domains), 0, "domains are ours: no feed makes an indicator of them, and no block touches them", ""),
		figure(len(own), 0, "live indicators are about these names: a feed may be wrong, or something of ours is abused"+late, "/intel"),
	}, nil
}

// products counts the vulnerabilities that are exploited somewhere and are of what we run.
func (s Setup) products(ctx context.Context, is *org.Index) ([]Effect, error) {
	if s.Exposure == nil {
		return nil, nil
	}
	records, err := s.Exposure.Exploited(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask what is known to be exploited: %w", err)
	}
	if len(records) == 0 {
		return []Effect{{Text: "no catalogue of exploited vulnerabilities is here yet: turn on the feed of CISA's", URL: "/feeds"}}, nil
	}
	affected, maybe, assets := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, row := range vuln.Rank(is.Vulnerable(), records) {
		switch row.Affected {
		case vuln.Yes:
			affected[row.CVE] = true
			assets[row.Asset] = true
		case vuln.Unknown:
			maybe[row.CVE] = true
		}
	}
	for id := range affected {
		delete(maybe, id)
	}
	return []Effect{
		figure(len(affected), len(records), "vulnerabilities that are known to be exploited (KEV) are in these products", ""),
		figure(len(maybe), len(records), "more may be: CVE records, the version of yours, or who makes it would tell", ""),
		figure(len(assets), 0, "places where they run", ""),
	}, nil
}

// accounts counts what alerts say of accounts of the profile.
func (s Setup) accounts(ctx context.Context, is *org.Index) ([]Effect, error) {
	all, err := s.Alerts.Entities(ctx)
	if err != nil {
		return nil, fmt.Errorf("list what alerts are about: %w", err)
	}
	accounts, privileged := 0, 0
	for _, p := range is.Profile.People {
		accounts += len(p.Accounts) + len(p.Emails)
		if p.Privileged || p.VIP {
			privileged += len(p.Accounts) + len(p.Emails)
		}
	}
	var met []alert.Who
	for _, w := range all {
		name := w.Account
		if w.Kind == userKind {
			name = w.Name
		}
		if _, ok := is.Person(name); ok {
			met = append(met, w)
		}
	}
	touched, err := s.Alerts.Open(ctx, met)
	if err != nil {
		return nil, err
	}
	return []Effect{
		figure(privileged, accounts, "accounts and addresses are of privileged or exposed people: what happens at their keyboards counts as on a host of high criticality", ""),
		figure(touched, 0, "open incidents are about these accounts", "/"),
	}, nil
}

package pipeline

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/org"
)

// LeakBook tells people which accounts were leaked.
type LeakBook struct {
	Leak   *leak.Service
	Org    *org.Service
	Alerts alert.Concerns
}

// LeakedAccount is one account with all that is known of its leaks. A private address is
// told only by whose it is.
type LeakedAccount struct {
	ID         string            `json:"id"` // of one of its records, to erase it by
	Account    string            `json:"account"`
	Private    bool              `json:"private,omitempty"` // the address is, and is not told
	Person     string            `json:"person,omitempty"`
	Role       string            `json:"role,omitempty"`
	Privileged bool              `json:"privileged,omitempty"`
	Kinds      []credential.Kind `json:"kinds"` // what says most first
	Password   bool              `json:"password"`
	Sites      []string          `json:"sites,omitempty"`
	Sources    []string          `json:"sources,omitempty"`
	Families   []string          `json:"families,omitempty"`
	Machines   []LeakedMachine   `json:"machines,omitempty"`
	Records    int               `json:"records"`
	Taken      time.Time         `json:"taken,omitzero"` // the newest theft that is dated
	First      time.Time         `json:"first,omitzero"` // known here
	Changed    time.Time         `json:"changed,omitzero"`
	Alerts     int               `json:"alerts"`
	Incidents  []string          `json:"incidents,omitempty"` // ids, those of the newest alerts first
}

// LeakedMachine is where something was taken.
type LeakedMachine struct {
	Name string    `json:"name"`
	User string    `json:"user,omitempty"`
	Ours bool      `json:"ours"` // the profile names it
	Time time.Time `json:"time,omitzero"`
}

// Accounts lists leaked accounts and machines, what says most first: its kind, then what
// was taken last. It is a reading
// that the audit log tells of.
func (b *LeakBook) Accounts(ctx context.Context, kind credential.Kind, text string) ([]LeakedAccount, error) {
	x := b.Org.Index()
	words := strings.Fields(strings.ToLower(text))
	records, err := b.Leak.List(ctx, kind, text, func(r *leak.Record) bool { // what is not told is not found
		shown, _ := minimised(r, x)
		whose := ""
		if p, ok := ownerOf(r.Account, x); ok {
			whose = p.Name
		}
		text := strings.ToLower(strings.Join([]string{shown.Account, whose, shown.Site, shown.Source, shown.Family, shown.Machine.Name, shown.Machine.User}, "\n"))
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	})
	if err != nil {
		return nil, err
	}
	by := map[string]*LeakedAccount{}
	var all []*LeakedAccount
	for i := range records {
		r := &records[i]
		key := cmp.Or(r.Account, "\x00"+r.Machine.Name)
		a := by[key]
		if a == nil {
			a = &LeakedAccount{ID: r.ID, First: r.First}
			a.whose(r, x)
			by[key] = a
			all = append(all, a)
		}
		a.add(r, x)
	}
	slices.SortStableFunc(all, func(p, q *LeakedAccount) int {
		return cmp.Or(q.Kinds[0].Strength()-p.Kinds[0].Strength(), q.Taken.Compare(p.Taken), cmp.Compare(p.Account, q.Account))
	})
	if err := b.alerts(ctx, by, x); err != nil {
		return nil, err
	}
	out := make([]LeakedAccount, len(all))
	for i, a := range all {
		out[i] = *a
	}
	return out, nil
}

// Profile tells of which people and assets of the profile something is known to be leaked,
// by name, with how many records. It is a reading too.
func (b *LeakBook) Profile(ctx context.Context) (people, assets map[string]int, err error) {
	x := b.Org.Index()
	people, assets = map[string]int{}, map[string]int{}
	if len(x.Profile.People)+len(x.Profile.Assets) == 0 || len(b.Leak.Known().Records) == 0 {
		return people, assets, nil
	}
	_, err = b.Leak.List(ctx, "", "the people and assets of the profile", func(r *leak.Record) bool {
		p, person := ownerOf(r.Account, x)
		if person {
			people[p.Name]++
		}
		a, asset := x.Host(r.Machine.Name)
		if asset = asset && r.Machine.Name != ""; asset {
			assets[a.Name]++
		}
		return person || asset
	})
	return people, assets, err
}

func (a *LeakedAccount) whose(r *leak.Record, x *org.Index) {
	shown, private := minimised(r, x)
	a.Account, a.Private = shown.Account, private
	if p, ok := ownerOf(r.Account, x); ok {
		a.Person, a.Role, a.Privileged, a.Changed = p.Name, p.Role, p.Privileged || p.VIP, p.PasswordChanged
	}
}

// shownOf bounds how many sites, sources and machines of an account are told.
const shownOf = 50

func (a *LeakedAccount) add(r *leak.Record, x *org.Index) {
	a.Records++
	a.Password = a.Password || r.Password && r.Account != ""
	if w := r.When(); w != r.First && w.After(a.Taken) {
		a.Taken = w
	}
	if r.First.Before(a.First) {
		a.First = r.First
	}
	shown, _ := minimised(r, x)
	a.Sites, a.Sources, a.Families = addShown(a.Sites, shown.Site), addShown(a.Sources, shown.Source), addShown(a.Families, r.Family)
	if !slices.Contains(a.Kinds, r.Kind) {
		a.Kinds = append(a.Kinds, r.Kind)
		slices.SortFunc(a.Kinds, func(p, q credential.Kind) int { return q.Strength() - p.Strength() })
	}
	if m := r.Machine; m.Name != "" && len(a.Machines) < shownOf && !slices.ContainsFunc(a.Machines, func(h LeakedMachine) bool { return h.Name == m.Name }) {
		_, ours := x.Host(m.Name)
		a.Machines = append(a.Machines, LeakedMachine{Name: m.Name, User: m.User, Ours: ours, Time: m.Time})
	}
}

func addShown(list []string, s string) []string {
	if s == "" || len(list) >= shownOf || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// namesOf are the accounts, and the machines on which something was taken, by the names
// under which alerts know them.
func namesOf(by map[string]*LeakedAccount, x *org.Index) (accounts, hosts map[string][]*LeakedAccount) {
	accounts, hosts = map[string][]*LeakedAccount{}, map[string][]*LeakedAccount{}
	for key, a := range by {
		for _, m := range a.Machines {
			if h := hostKey(m.Name, x); h != "" {
				hosts[h] = append(hosts[h], a)
			}
		}
		for _, k := range accountKeys(key, x) {
			accounts[k] = append(accounts[k], a)
		}
	}
	return accounts, hosts
}

// alerts counts those about each account and its machines.
func (b *LeakBook) alerts(ctx context.Context, by map[string]*LeakedAccount, x *org.Index) error {
	if b.Alerts == nil || len(by) == 0 {
		return nil
	}
	of, on := namesOf(by, x)
	list, err := b.Alerts.About(ctx, slices.AppendSeq([]string{}, maps.Keys(of)), slices.Collect(maps.Keys(on)))
	if err != nil {
		return err
	}
	for _, c := range list {
		counted := map[*LeakedAccount]bool{}
		count := func(list []*LeakedAccount) {
			for _, a := range list {
				if !counted[a] {
					counted[a] = true
					a.Alerts++
					a.Incidents = addShown(a.Incidents, c.Alert.Incident)
				}
			}
		}
		for _, name := range c.Accounts {
			count(of[name])
		}
		if c.Alert.Detection.Infection != nil {
			count(on[c.Alert.Detection.Entity.Name])
		}
	}
	return nil
}

// leaksOf adds to a case what is known of leaks of a detection.
func leaksOf(d *alert.Detection, c *investigate.Case) {
	if l := d.Leak; l != nil && d.AboutAccount() && l.Password {
		since := l.Time
		if since.IsZero() {
			since = l.First
		}
		if !slices.ContainsFunc(c.Leaked, func(h investigate.Leaked) bool { return h.Account == l.Account }) {
			c.Leaked = append(c.Leaked, investigate.Leaked{Account: l.Account, Since: since, Stealer: l.Kind == credential.Stealer, Changed: l.Changed.After(since)})
		}
	}
	if d.Infection != nil && d.AboutHost() && !slices.Contains(c.Infected, d.Entity.Name) {
		c.Infected = append(c.Infected, d.Entity.Name)
	}
}

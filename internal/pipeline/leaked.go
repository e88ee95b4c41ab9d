package pipeline

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/org"
)

// Leaked says of detections whether the password of the account they are about was
// leaked, and whether a stealer log names their host.
type Leaked struct {
	Leak   *leak.Service
	Org    *org.Service
	Alerts alert.Concerns // by account, for what is learnt later; nil = nothing is ranked anew

	index atomic.Pointer[leakIndex]
}

// leakIndex is what is known, by the names under which events may meet it. It does not
// change.
type leakIndex struct {
	edition  *leak.Edition
	org      *org.Index
	accounts map[string][]*leak.Record
	hosts    map[string][]*leak.Record // by the name of the asset, or of the machine
}

// current is the index of what is known now.
func (l *Leaked) current() *leakIndex {
	known, x := l.Leak.Known(), l.Org.Index()
	if i := l.index.Load(); i != nil && i.edition == known && i.org == x {
		return i
	}
	i := newLeakIndex(known, x)
	l.index.Store(i)
	return i
}

func newLeakIndex(known *leak.Edition, x *org.Index) *leakIndex {
	i := &leakIndex{edition: known, org: x, accounts: map[string][]*leak.Record{}, hosts: map[string][]*leak.Record{}}
	for n := range known.Records {
		r := &known.Records[n]
		for _, k := range accountKeys(r.Account, x) {
			i.accounts[k] = append(i.accounts[k], r)
		}
		if k := hostKey(r.Machine.Name, x); k != "" && r.Kind == credential.Stealer {
			i.hosts[k] = append(i.hosts[k], r)
		}
	}
	return i
}

// ownDomains bounds for how many of our domains a login without one is looked for.
const ownDomains = 20

// accountKeys are the names under which events may speak of a leaked account: those of
// its owner, and with and without a domain of ours.
func accountKeys(account string, x *org.Index) (keys []string) {
	if account == "" {
		return nil
	}
	seen := map[string]bool{}
	add := func(k string) {
		if k = credential.Account(k); k != "" && !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	add(account)
	if p, ok := ownerOf(account, x); ok {
		for _, a := range append(slices.Clone(p.Accounts), p.Emails...) {
			add(a)
		}
		return keys
	}
	local, domain, mail := credential.Mail(account)
	switch {
	case !mail && sharedAccounts[account]:
		return nil
	case !mail:
		for n, d := range x.Profile.Domains {
			if n < ownDomains {
				add(account + "@" + d)
			}
		}
	case !sharedAccounts[local] && x.Own(indicator.Domain, domain) != "":
		add(local)
	}
	return keys
}

// unnamed are names of machines that many have.
var unnamed = map[string]bool{"pc": true, "user-pc": true, "admin-pc": true, "desktop": true, "localhost": true, "laptop": true, "computer": true, "win10": true, "windows": true, "server": true}

// hostKey is the name under which detections know a machine.
func hostKey(machine string, x *org.Index) string {
	if machine == "" {
		return ""
	}
	if a, ok := x.Host(machine); ok {
		return a.Name
	}
	if m := strings.ToLower(machine); !unnamed[m] {
		return m
	}
	return ""
}

// Fill completes detections. A nil *Leaked says nothing.
func (l *Leaked) Fill(ds []alert.Detection) {
	if l == nil {
		return
	}
	i := l.current()
	if len(i.edition.Records) == 0 {
		return
	}
	for n := range ds {
		i.fill(&ds[n])
	}
}

func (i *leakIndex) fill(d *alert.Detection) {
	if d.AboutAccount() {
		d.Leak = i.worst(i.accounts[d.Account.Name], d)
	}
	if d.AboutHost() {
		d.Infection = i.latest(i.hosts[d.Entity.Name])
	}
}

// worst is the leak that says most of a detection.
func (i *leakIndex) worst(list []*leak.Record, d *alert.Detection) *alert.Leak {
	var worst *alert.Leak
	for _, r := range list {
		if l := i.leak(r); worst == nil || l.Weight(d.Time) > worst.Weight(d.Time) {
			worst = &l
		}
	}
	if worst != nil {
		worst.More = len(list) - 1
	}
	return worst
}

// leak is a record as an incident tells of it.
func (i *leakIndex) leak(r *leak.Record) alert.Leak {
	shown, private := minimised(r, i.org)
	l := alert.Leak{
		Account: shown.Account, Private: private, Site: shown.Site, Source: shown.Source,
		Kind: r.Kind, Family: r.Family, Password: r.Password, First: r.First, Machine: r.Machine.Name, User: r.Machine.User,
	}
	if w := r.When(); w != r.First {
		l.Time = w
	}
	if host := credential.Host(r.Site); host != "" {
		l.Elsewhere = i.org.Own(indicator.Domain, host) == ""
	}
	if p, ok := ownerOf(r.Account, i.org); ok {
		l.Changed = p.PasswordChanged
	}
	return l
}

// latest is the newest log that names a machine.
func (i *leakIndex) latest(list []*leak.Record) *alert.Leak {
	var newest *leak.Record
	for _, r := range list {
		if newest == nil || r.When().After(newest.When()) {
			newest = r
		}
	}
	if newest == nil {
		return nil
	}
	l := i.leak(newest)
	l.Account, l.Site, l.Private, l.Password, l.Elsewhere, l.Changed = "", "", false, false, false, time.Time{}
	return &l
}

// minimised is a record as people may see it: of a private address only whose it is, and
// not for what, nor in which breach.
func minimised(r *leak.Record, x *org.Index) (shown leak.Record, private bool) {
	shown = *r
	host := credential.Host(r.Site)
	ours := host != "" && x.Own(indicator.Domain, host) != ""
	_, domain, mail := credential.Mail(r.Account)
	if !mail || x.Own(indicator.Domain, domain) != "" {
		return shown, false
	}
	shown.Account = "a private address"
	if p, ok := x.Person(r.Account); ok {
		shown.Account = "a private address of " + p.Name
	} else if ours {
		shown.Account = "a login with an address of " + domain
	}
	if !ours {
		shown.Site = ""
		if r.Kind == credential.FromBreach || r.Kind == credential.Spam {
			shown.Source = ""
		}
	}
	return shown, true
}

// ownerOf is whose a leaked account is.
func ownerOf(account string, x *org.Index) (*org.Person, bool) {
	if p, ok := x.Person(account); ok {
		return p, true
	}
	local, domain, mail := credential.Mail(account)
	if !mail || sharedAccounts[local] || x.Own(indicator.Domain, domain) == "" {
		return nil, false
	}
	return x.Person(local)
}

// Ours tells what of a leak concerns the organisation.
type Ours struct{ Org *org.Service }

var _ leak.Own = Ours{}

// Ours implements leak.Own. A login without a domain that somebody of ours has too is
// theirs only where the site is ours, or is not told.
func (o Ours) Ours(account, site string) bool {
	x := o.Org.Index()
	if host := credential.Host(site); host != "" && x.Own(indicator.Domain, host) != "" {
		return true
	}
	_, domain, mail := credential.Mail(account)
	if mail && x.Own(indicator.Domain, domain) != "" {
		return true
	}
	_, person := x.Person(account)
	return person && (mail || site == "")
}

// Domains implements leak.Own.
func (o Ours) Domains() []string { return o.Org.Index().Profile.Domains }

// Machine implements leak.Own.
func (o Ours) Machine(name string) bool {
	_, ok := o.Org.Index().Host(name)
	return ok
}

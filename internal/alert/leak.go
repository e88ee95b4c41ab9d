package alert

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/risk"
)

// Account is the account that an event names as the one who acts or signs in.
type Account struct {
	Name string `json:"name"` // as accounts are compared
	// Used tells whether the event is about the account itself: a sign-in, a session, a
	// change of rights.
	Used bool `json:"used,omitempty"`
}

// Leak is what is known of the theft of an account's password, or of a machine's.
type Leak struct {
	Account  string          `json:"account,omitempty"` // whose; of a private address only whose it is
	Private  bool            `json:"private,omitempty"`
	Site     string          `json:"site,omitempty"` // the password is for; "" = not told
	Kind     credential.Kind `json:"kind"`
	Source   string          `json:"source,omitempty"`
	Family   string          `json:"family,omitempty"` // of the malware
	Password bool            `json:"password,omitempty"`
	Time     time.Time       `json:"time,omitzero"`     // of the log or the breach; zero = not told
	First    time.Time       `json:"first,omitzero"`    // known here
	Changed  time.Time       `json:"changed,omitzero"`  // the password of the account here
	Machine  string          `json:"machine,omitempty"` // where it was taken
	User     string          `json:"user,omitempty"`    // who was signed in there
	More     int             `json:"more,omitempty"`    // further leaks of the same
	// Elsewhere tells that the password is for a site that is not ours: it bears on us when
	// it is used twice.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// leakKinds say of each kind what it weighs in log-odds, and in how many days that is half
// as much.
var leakKinds = map[credential.Kind]struct{ weight, half float64 }{
	credential.Stealer: {2, 90}, credential.FromBreach: {1, 365}, credential.Combo: {.7, 180}, credential.Spam: {.1, 365},
}

const (
	withoutPassword = .4 // of the weight, of a breach that had none
	elsewhere       = .6 // of the weight, of a password for another's site
	afterwards      = .5 // of the weight, when it was taken after what happened
	changedSince    = .3 // of the weight: sessions and habits may have been taken too
	infectedWeight  = 1.5
	infectedHalf    = 30 // days
	day             = 24 * time.Hour
)

// when is the best that is known of when it was taken.
func (l *Leak) when() time.Time {
	if l.Time.IsZero() {
		return l.First
	}
	return l.Time
}

// faded is the share that is left of a weight at a distance in time.
func faded(half float64, distance time.Duration) float64 {
	return math.Exp2(-math.Abs(distance.Hours()) / 24 / half)
}

// Weight is what a leak of an account says of what happened at a time, in log-odds.
func (l *Leak) Weight(at time.Time) float64 {
	if l == nil {
		return 0
	}
	k := leakKinds[l.Kind]
	before := at.Sub(l.when())
	w := k.weight * faded(k.half, before)
	if !l.Password && l.Kind != credential.Spam {
		w *= withoutPassword
	}
	if l.Elsewhere {
		w *= elsewhere
	}
	if before < -day {
		w *= afterwards
	}
	if l.Changed.After(l.when()) {
		w *= changedSince
	}
	return round(w)
}

// infection is what it says of what a host did at a time that a stealer ran on it.
func (l *Leak) infection(at time.Time) float64 {
	if l == nil {
		return 0
	}
	return round(infectedWeight * faded(infectedHalf, at.Sub(l.when())))
}

// AboutAccount tells whether a leaked password of its account bears on a detection: a
// sign-in, the use of an account, moving on with one; no scan.
func (d *Detection) AboutAccount() bool {
	if d.Account.Name == "" {
		return false
	}
	return d.Account.Used || slices.Contains(accountTactics, d.Tactic) || slices.ContainsFunc(d.Techniques, func(t string) bool { return slices.Contains(accountTechniques, parentTechnique(t)) })
}

// AboutHost tells whether malware on its host bears on a detection.
func (d *Detection) AboutHost() bool {
	return d.Entity.Kind == "host" && d.Entity.Name != "" && !d.Entity.Shared && d.Tactic != "reconnaissance" && d.Tactic != "resource-development"
}

var (
	accountTactics = []string{"initial-access", "credential-access", "lateral-movement"}
	// Valid Accounts, External Remote Services, Brute Force, Remote Services, Account
	// Manipulation, Create Account, Modify Authentication Process, Multi-Factor
	// Authentication Request Generation, Steal Web Session Cookie, Use Alternate
	// Authentication Material, Steal Application Access Token, Forge Web Credentials.
	accountTechniques = []string{"T1078", "T1133", "T1110", "T1021", "T1098", "T1136", "T1556", "T1621", "T1539", "T1550", "T1528", "T1606"}
)

func parentTechnique(id string) string { return id[:min(len(id), 5)] }

// sentence says what was leaked, seen from a time.
func (l *Leak) sentence(at time.Time) string {
	what := "password"
	if !l.Password {
		what = "address"
	}
	s := fmt.Sprintf("%s's %s", cmp.Or(l.Account, "somebody"), what)
	if l.Private {
		s = fmt.Sprintf("the %s of %s", what, l.Account)
	}
	if l.Site != "" && l.Password {
		s += " for " + l.Site
	}
	s += " was in a " + l.Kind.Word()
	if l.Kind == credential.FromBreach && l.Source != "" {
		s = fmt.Sprintf("%s (%s)", s, l.Source)
	}
	if l.Family != "" {
		s = fmt.Sprintf("%s (%s)", s, l.Family)
	}
	s += l.dated(at)
	if l.Machine != "" {
		s += fmt.Sprintf(", taken on %s", l.Machine)
	}
	if l.Changed.After(l.when()) {
		s += "; the password of the account was changed on " + date(l.Changed)
	}
	if l.More > 0 {
		s += fmt.Sprintf(" (and in %s)", plural(l.More, "more leak"))
	}
	return s
}

// infected says what is known of a host that a stealer log names.
func (l *Leak) infected(host string, at time.Time) string {
	s := fmt.Sprintf("%s is named in a stealer log", host)
	if l.Family != "" {
		s = fmt.Sprintf("%s (%s)", s, l.Family)
	}
	s += l.dated(at)
	if l.User != "" {
		s += fmt.Sprintf(", with %s signed in", l.User)
	}
	return s + ": it may be infected"
}

// dated is "of 3 November 2026, 12 days before".
func (l *Leak) dated(at time.Time) string {
	if l.Time.IsZero() {
		return fmt.Sprintf(" of unknown date, known since %s", date(l.First))
	}
	s := " of " + date(l.Time)
	switch d := int(math.Round(at.Sub(l.Time).Hours() / 24)); {
	case d < 0:
		return fmt.Sprintf("%s, %s after", s, plural(-d, "day"))
	case d == 0:
		return s + ", the same day"
	case d > 730:
		return fmt.Sprintf("%s, %d years before", s, d/365)
	default:
		return fmt.Sprintf("%s, %s before", s, plural(d, "day"))
	}
}

func date(t time.Time) string { return t.UTC().Format("2 January 2006") }

// notLeaked and notInfected are how a priority without it is spoken of.
const (
	notLeaked   = "if no password of the account had been leaked"
	notInfected = "if no stealer log named the host"
)

// leaks weighs accounts whose passwords are known to others, and hosts on which a stealer
// ran: of each the one that says most.
func leaks(alerts []*Alert) []risk.Term {
	var account, host *risk.Term
	better := func(have *risk.Term, w float64, why, absent string) *risk.Term {
		if w <= 0 || have != nil && (have.Weight > w || have.Weight == w && have.Why <= why) {
			return have
		}
		return &risk.Term{Family: "leak", Weight: w, Why: why, Absent: absent}
	}
	for _, a := range alerts {
		d := &a.Detection
		if d.Leak != nil && d.AboutAccount() {
			account = better(account, d.Leak.Weight(a.Last), d.Leak.sentence(a.Last), notLeaked)
		}
		if d.Infection != nil && d.AboutHost() {
			host = better(host, d.Infection.infection(a.Last), d.Infection.infected(d.Entity.Name, a.Last), notInfected)
		}
	}
	var out []risk.Term
	for _, t := range []*risk.Term{account, host} {
		if t != nil {
			out = append(out, *t)
		}
	}
	return out
}

// LeakDiffers tells whether something else is known now of the leaks that a detection
// rests on.
func (d *Detection) LeakDiffers(now *Detection) bool {
	said, _ := d.leakChange(now)
	return len(said) > 0 || (d.Leak == nil) != (now.Leak == nil) || (d.Infection == nil) != (now.Infection == nil)
}

// releak puts what is known now of leaks into a detection.
func (d *Detection) releak(now *Detection) (said, again []string) {
	said, again = d.leakChange(now)
	d.Leak, d.Infection, d.Account = now.Leak, now.Infection, now.Account
	return said, again
}

// leakChange says what is known now, and of it what asks for a second look: that a
// password was taken from a machine, or lately from a site.
func (d *Detection) leakChange(now *Detection) (said, again []string) {
	one := func(was, is *Leak, text func(*Leak) string, gone string, look bool) {
		switch {
		case is == nil && was == nil:
		case is == nil:
			said = append(said, gone)
		case was == nil || was.Kind != is.Kind || was.Site != is.Site || !was.Time.Equal(is.Time) || was.Password != is.Password || !was.Changed.Equal(is.Changed):
			s := text(is)
			said = append(said, s)
			if look {
				again = append(again, s)
			}
		}
	}
	worth := now.Leak.Weight(d.Time) >= secondLook && now.Leak.Weight(d.Time) > d.Leak.Weight(d.Time)
	one(d.Leak, now.Leak, func(l *Leak) string { return l.sentence(d.Time) }, "no leak of the account is known any more", worth)
	one(d.Infection, now.Infection, func(l *Leak) string { return l.infected(d.Entity.Name, d.Time) }, "no stealer log names the host any more", now.Infection.infection(d.Time) > .5)
	return said, again
}

// secondLook is the weight from which a leak opens again what was closed.
const secondLook = .5

// leaked lets an alert, which keeps its first detection, know of the account of another
// one of it whose leak says more.
func (a *Alert) leaked(d *Detection) {
	if d.Leak.Weight(d.Time) > a.Detection.Leak.Weight(d.Time) {
		a.Detection.Leak, a.Detection.Account = d.Leak, d.Account
	}
	if a.Detection.Infection == nil {
		a.Detection.Infection = d.Infection
	}
}

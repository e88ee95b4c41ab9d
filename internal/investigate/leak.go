package investigate

import (
	"fmt"
	"time"
)

// Leaked is an account of a case whose password is known to others.
type Leaked struct {
	Account string    `json:"account"`
	Since   time.Time `json:"since,omitzero"` // taken, or known here
	Stealer bool      `json:"stealer"`        // taken by malware, with whatever sessions there were
	Changed bool      `json:"changed"`        // the password was changed since
}

// adviseLeaks says what to do about leaked accounts and machines that stealer logs name.
func adviseLeaks(c Case) (out []Advice) {
	for _, l := range c.Leaked[:min(len(c.Leaked), 3)] {
		a := Advice{
			Title: "Reset the password of " + l.Account + " and end its sessions",
			Text:  fmt.Sprintf("Ask its owner whether this was them. Look at every sign-in since %s: another network, country or device, a new second factor, a consent to an application, a rule in the mailbox.", l.Since.UTC().Format(time.DateOnly)),
			Why:   "Its password is known to others.",
		}
		switch {
		case l.Changed && l.Stealer:
			a.Title = "End the sessions of " + l.Account
			a.Why = "Its password was changed since it was stolen; sessions that were taken with it may still be good."
		case l.Changed:
			continue
		case l.Stealer:
			a.Why = "Its password was taken by malware on a machine; what takes passwords takes sessions too."
		}
		out = append(out, a)
	}
	for _, host := range c.Infected[:min(len(c.Infected), 3)] {
		out = append(out, Advice{
			Title: "Treat " + host + " as infected", Text: "Isolate it, look for what stole from it, and reset every password that was used on it, after it is clean: a reset on an infected machine is stolen again.",
			Why: "A stealer log names it.",
		})
	}
	return out
}

package web

import (
	"slices"

	"github.com/vedette-soc/vedette/internal/alert"
)

// leakRow is what is known of the leak of an account, or of a host.
type leakRow struct {
	alert.Leak
	Host string // that a stealer log names; "" = an account was leaked
}

// maxLeaks bounds how many are shown.
const maxLeaks = 30

// Leaks lists the accounts of an incident whose passwords are known to others, and the
// hosts that stealer logs name, each once.
func (d incidentDetail) Leaks() []leakRow {
	var out []leakRow
	add := func(l *alert.Leak, host string) {
		if l == nil || len(out) >= maxLeaks {
			return
		}
		if row := (leakRow{*l, host}); !slices.Contains(out, row) {
			out = append(out, row)
		}
	}
	for i := range d.Alerts {
		a := &d.Alerts[i].Detection
		if a.AboutAccount() {
			add(a.Leak, "")
		}
		if a.AboutHost() {
			add(a.Infection, a.Entity.Name)
		}
	}
	return out
}

package alert

import "slices"

// maxAccounts bounds how many accounts of an alert are remembered.
const maxAccounts = 16

// meets takes in who was at work in another detection of the alert. The entity is
// described by the one that raises its stake most.
func (a *Alert) meets(d *Detection) {
	if n := d.Entity.Account; n != "" && len(a.Accounts) < maxAccounts && !slices.Contains(a.Accounts, n) {
		a.Accounts = append(a.Accounts, n)
	}
	if d.Entity.Criticality > a.Detection.Entity.Criticality {
		a.Detection.Entity = d.Entity
	}
}

// who lists by what the entity of an alert may be described.
func (a *Alert) who() []Who {
	e := a.Detection.Entity
	if len(a.Accounts) == 0 {
		return []Who{{e.Kind, e.Name, e.Account}}
	}
	var list []Who
	for _, n := range a.Accounts {
		list = append(list, Who{e.Kind, e.Name, n})
	}
	return list
}

// describe is the entity of an alert as it is described now, with the highest stake; false
// when nothing of it changed.
func (a *Alert) describe(f *Facts) (now Entity, changed bool) {
	list := a.who()
	if !slices.ContainsFunc(list, func(w Who) bool { return f.Entities[w] }) {
		return Entity{}, false
	}
	for i, w := range list {
		if e := f.Describe(w); i == 0 || e.Criticality > now.Criticality {
			now = e
		}
	}
	return now, true
}

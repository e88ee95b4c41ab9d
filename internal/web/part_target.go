package web

import (
	"slices"

	"github.com/vedette-soc/vedette/internal/alert"
)

// hostTarget is a vulnerability that was tried on a host.
type hostTarget struct {
	alert.Target
	Host string
}

// maxTargets bounds how many are shown.
const maxTargets = 30

// Targets lists the vulnerabilities that were tried in an incident, each host once.
func (d incidentDetail) Targets() []hostTarget {
	var out []hostTarget
	for _, a := range d.Alerts {
		t := a.Detection.Target
		if t == nil || len(out) >= maxTargets {
			continue
		}
		row := hostTarget{*t, a.Detection.Entity.Name}
		if !slices.Contains(out, row) {
			out = append(out, row)
		}
	}
	return out
}

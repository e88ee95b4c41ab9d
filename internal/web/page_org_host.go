package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
)

// strangersShown is how many unknown hosts are asked about at once.
const strangersShown = 20

// postStranger makes an unknown host an asset of the profile.
func (s *server) postStranger(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	a, err := netip.ParseAddr(r.PostFormValue("address"))
	if err != nil || name == "" || len(name) > 200 {
		return nil, errs.New(errs.Invalid, "host_unnamed", "Say what the host is: a name of 1 to 200 characters beside its address.")
	}
	asset := org.Asset{ID: strings.Join(strings.Fields(strings.ToLower(name)), "-"), Name: name, Addresses: []string{a.String()}, Criticality: org.Criticality(r.PostFormValue("criticality"))}
	if _, err := s.cfg.Org.Complete(r.Context(), "hosts seen in traffic", org.Inventory{Kind: "traffic", Assets: []org.Asset{asset}}, false); err != nil {
		return nil, err
	}
	return see(w, r, "/organisation#strangers")
}

package web

import (
	"cmp"
	"net/http"

	"github.com/vedette-soc/vedette/internal/org"
)

// strangersShown is how many unknown hosts are asked about at once.
const strangersShown = 20

// postStranger takes what somebody says an unknown host is: an asset, an ordinary host of
// a network, or nothing to be asked about.
func (s *server) postStranger(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	f := r.PostFormValue
	err := s.cfg.Org.Told(r.Context(), s.cfg.Strangers, org.Told{
		Address: f("address"), As: cmp.Or(f("as"), "asset"), Name: f("name"), Criticality: org.Criticality(f("criticality")), Network: f("network"), Range: f("range"), Why: f("why"),
	})
	if err != nil {
		return nil, err
	}
	return see(w, r, "/organisation#strangers")
}

// rangesOf proposes for each host in no network the range that it is likely in.
func rangesOf(list []org.Stranger) map[string]string {
	out := map[string]string{}
	for _, h := range list {
		bits := 24
		if h.Address.Is6() {
			bits = 64
		}
		if p, err := h.Address.Prefix(bits); err == nil && h.Network == "" {
			out[h.Address.String()] = p.String()
		}
	}
	return out
}

package org

import (
	"context"
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Told is what a person says that an unknown host is. As says it in a word: asset (with
// name and criticality), ordinary (of its network; with a range, of one that takes it in),
// dynamic (as all of its network), ignored, or ask (forget what was said).
type Told struct {
	Address     string      `json:"address"`
	As          string      `json:"as"`
	Name        string      `json:"name,omitempty"`
	Criticality Criticality `json:"criticality,omitempty"`
	Network     string      `json:"network,omitempty"`
	Range       string      `json:"range,omitempty"`
	Why         string      `json:"why,omitempty"`
}

// Told acts on what a person says of an unknown host: on the profile, or on what is
// remembered of it.
func (s *Service) Told(ctx context.Context, of *Strangers, t Told) error {
	a, err := netip.ParseAddr(t.Address)
	if err != nil {
		return errs.New(errs.Invalid, "host_invalid", "%.60q is no address of a host.", t.Address)
	}
	switch t.As {
	case "asset":
		return s.named(ctx, a, t)
	case string(Ordinary):
		if t.Range != "" {
			r, err := prefix(t.Range)
			if err != nil || !r.Contains(a.Unmap()) {
				return errs.New(errs.Invalid, "range_invalid", "%.60q is no range that holds %s.", t.Range, a)
			}
			if err := s.Place(ctx, t.Network, t.Range, false); err != nil {
				return err
			}
		}
		return of.Answer(ctx, a, Ordinary, t.Why)
	case "dynamic":
		return s.Place(ctx, t.Network, "", true)
	case string(Ignored):
		return of.Answer(ctx, a, Ignored, t.Why)
	case "ask":
		return of.Answer(ctx, a, "", t.Why)
	}
	return errs.New(errs.Invalid, "host_answer_unknown", "%.40q is no answer: say asset, ordinary, dynamic, ignored or ask.", t.As)
}

func (s *Service) named(ctx context.Context, a netip.Addr, t Told) error {
	name := strings.TrimSpace(t.Name)
	if name == "" || len(name) > 200 {
		return errs.New(errs.Invalid, "host_unnamed", "Say what the host is: a name of 1 to 200 characters beside its address.")
	}
	asset := Asset{ID: strings.Join(strings.Fields(strings.ToLower(name)), "-"), Name: name, Addresses: []string{a.String()}, Criticality: t.Criticality}
	_, err := s.Complete(ctx, "hosts seen in traffic", Inventory{Kind: "traffic", Assets: []Asset{asset}}, false)
	return err
}

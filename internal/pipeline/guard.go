package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/misp"
)

// Guard tells respond what speaks against a block.
type Guard struct {
	Org      *org.Service
	Warnings func() *misp.WarningSet
}

var _ respond.Guard = Guard{}

// OwnAsset implements respond.Guard.
func (g Guard) OwnAsset(_ context.Context, t indicator.Type, value string) string {
	return g.Org.Index().Own(t, value)
}

// NeverBlock implements respond.Guard.
func (g Guard) NeverBlock(_ context.Context, t indicator.Type, value string) string {
	return g.Org.Index().NeverBlock(t, value)
}

// Warned implements respond.Guard. Lists that only tag do not forbid a block, and
// neither does a listed platform forbid one site or one page on it.
func (g Guard) Warned(_ context.Context, t indicator.Type, value string) string {
	whole := value
	if t == indicator.URL {
		if _, host, _, path := indicator.URLParts(value); path == "" || path == "/" {
			whole = host
		}
	}
	ws, _ := warned(g.Warnings().Match(t, value))
	for _, w := range ws {
		part := (t == indicator.Domain || t == indicator.URL) && w.Entry != whole
		if !part || w.Action == string(misp.Suppress) {
			return fmt.Sprintf("the warning list %q has %s", w.List, w.Entry)
		}
	}
	return ""
}

// Rail names the first guard rail that keeps a value off devices and sensors, ""
// when none does. A wide range stands in the way of a block only: a sensor may
// watch it. It is what an export asks.
func (g Guard) Rail(ctx context.Context, t indicator.Type, value string, block bool) string {
	for _, r := range respond.Rails(ctx, g, t, value) {
		if block || r.Guard != "too-wide" {
			return r.Guard
		}
	}
	return ""
}

// Past tells respond what stored events say of a value.
type Past struct {
	History telemetry.History
	Decoder *Decoder
	Org     *org.Service
}

var _ respond.Past = Past{}

// looked bounds how many stored events a preview reads for hosts and users.
const looked = 500

// Seen implements respond.Past.
func (p Past) Seen(ctx context.Context, t indicator.Type, value string) (respond.Preview, error) {
	var out respond.Preview
	found, err := p.History.Find(ctx, KeyOf(t, value), looked)
	if err != nil {
		return out, err
	}
	out.Events = found.Count
	hosts, users := map[string]int{}, map[string]int{}
	for _, seq := range found.Seqs {
		records, err := p.History.Read(ctx, seq, 1)
		if err != nil {
			return out, err
		}
		if len(records) == 0 || records[0].Seq != seq {
			continue
		}
		ev, ok := p.Decoder.Decode(records[0])
		if !ok {
			continue
		}
		out.Looked++
		if out.First.IsZero() || ev.Time.Before(out.First) {
			out.First = ev.Time
		}
		if ev.Time.After(out.Last) {
			out.Last = ev.Time
		}
		if s := settle(&ev, p.Org.Index()); s.entity.Kind == "host" {
			hosts[s.entity.Name]++
		}
		if u := ev.Fields.String("user.name"); u != "" {
			users[u]++
		}
	}
	out.Hosts, out.Users = most(hosts, 20), most(users, 20)
	return out, nil
}

// most returns the keys of m by falling count, at most n.
func most(m map[string]int, n int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	return out[:min(len(out), n)]
}

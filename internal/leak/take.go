package leak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/ref"
)

// Order says what to read.
type Order struct {
	Name   string // of the file, or of the archive that a directory came in
	Reader io.Reader
	Kind   string    // stealer, breach, combo, spam; "" = by its form
	Source string    // who says it
	Domain string    // of the addresses in an answer of Have I Been Pwned
	Time   time.Time // of what does not tell one
	Dry    bool      // only count
}

// Report is what became of an import: in = stored + known + dropped.
type Report struct {
	In      int            `json:"in"`
	Stored  int            `json:"stored"`
	Known   int            `json:"known"` // already, from another import or twice in this one
	Dropped map[string]int `json:"dropped"`
	// Changed of the known ones say more now: a kind that says more, a date, a machine.
	Changed  int `json:"changed"`
	Breaches int `json:"breaches"` // of which something was learnt
	Files    int `json:"files"`
	Skipped  int `json:"skipped"` // files that hold nothing of use
}

// ParseKind reads a kind as somebody wrote it; "" is none and no error.
func ParseKind(s string) (credential.Kind, error) {
	k, ok := credential.ParseKind(s)
	if !ok {
		return "", errs.New(errs.Invalid, "kind_unknown", "%.40q is none of stealer, breach, combo, spam.", s)
	}
	return k, nil
}

// Import reads a file, a stealer log or an archive of them and keeps what concerns us. Of
// a password it keeps a fingerprint.
func (s *Service) Import(ctx context.Context, o Order) (Report, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Report{}, err
	}
	kind, err := ParseKind(o.Kind)
	if err != nil {
		return Report{}, err
	}
	key, err := s.cfg.Key()
	if err != nil {
		return Report{}, err
	}
	sealer, err := credential.NewSealer(key)
	if err != nil {
		return Report{}, err
	}
	s.taken.Lock()
	defer s.taken.Unlock()
	g := &gathering{own: s.cfg.Own, ctx: ctx, machines: map[string]credential.Machine{}}
	r := &credential.Reader{Sealer: sealer, Sink: g, Kind: kind, Source: o.Source, Domain: o.Domain, Time: o.Time, Now: s.now()}
	if err := fetch.WalkReader(o.Name, o.Reader, fetch.Limits{Memory: true, Bytes: 256 << 30}, r.Read); err != nil {
		return Report{}, refused(err)
	}
	return s.keep(ctx, o, g, r.Loss)
}

// refused turns what the engine does not open into something to act on.
func refused(err error) error {
	var p *credential.PackedError
	if errors.As(err, &p) {
		return errs.New(errs.Invalid, "archive_packed", "%s.", p.Error())
	}
	return err
}

// keep stores what was gathered and makes the report.
func (s *Service) keep(ctx context.Context, o Order, g *gathering, loss credential.Loss) (Report, error) {
	list, twice := g.records(s.now().UTC())
	r := Report{In: loss.In + g.hosts, Dropped: loss.Dropped, Breaches: len(g.breaches), Files: loss.Files, Skipped: loss.Skipped, Known: twice}
	if r.Dropped == nil {
		r.Dropped = map[string]int{}
	}
	if g.over > 0 {
		r.Dropped["limit"] = g.over
	}
	var err error
	if o.Dry {
		r.Stored = len(list)
		return r, nil
	}
	detail := map[string]any{"in": r.In, "kept": len(list), "breaches": len(g.breaches)}
	if r.Stored, r.Changed, err = s.cfg.Store.Save(ctx, list, g.breaches, act(ctx, "leak.import", o.Source, detail)); err != nil {
		return Report{}, fmt.Errorf("keep leaked accounts: %w", err)
	}
	r.Known += len(list) - r.Stored
	return r, s.Load(ctx)
}

// gathering is what an import brings, until it is known which machine belongs to what.
type gathering struct {
	own      Own
	ctx      context.Context
	found    []found
	machines map[string]credential.Machine // by directory
	breaches []credential.Breach
	hosts    int // machines of ours
	over     int // beyond what one import may bring
}

type found struct {
	dir string
	credential.Record
}

// maxMachines bounds how many machines are remembered for what lies beside them.
const maxMachines = 500_000

func (g *gathering) Wanted(account, site string) bool { return g.own.Ours(account, site) }

func (g *gathering) Credential(name string, r credential.Record) error {
	if len(g.found) >= mostTake {
		g.over++
		return g.ctx.Err()
	}
	g.found = append(g.found, found{path.Dir(name), r})
	return g.ctx.Err()
}

func (g *gathering) Machine(name string, m credential.Machine) error {
	if len(g.machines) < maxMachines {
		g.machines[path.Dir(name)] = m
	}
	if m.Name == "" || !g.own.Machine(m.Name) {
		return g.ctx.Err()
	}
	g.hosts++
	return g.Credential(name, credential.Record{Kind: credential.Stealer, Family: m.Family, Time: m.Time})
}

func (g *gathering) Breach(b credential.Breach) error {
	if len(g.breaches) < 100_000 {
		g.breaches = append(g.breaches, b)
	}
	return g.ctx.Err()
}

// records are what was gathered, each once, with its machine: that of its directory or
// of the nearest above it. twice is how many came again.
func (g *gathering) records(now time.Time) (list []Record, twice int) {
	at := map[string]int{}
	for _, f := range g.found {
		r := Record{Record: f.Record, First: now}
		if m, ok := g.machine(f.dir); ok && r.Machine == (credential.Machine{}) && r.Kind == credential.Stealer {
			r.Machine = m
			if r.Family == "" {
				r.Family = m.Family
			}
			if !m.Time.IsZero() {
				r.Time = m.Time
			}
		}
		r.identify()
		if i, ok := at[r.ID]; ok {
			list[i] = list[i].Merge(r)
			twice++
			continue
		}
		at[r.ID] = len(list)
		list = append(list, r)
	}
	return list, twice
}

func (g *gathering) machine(dir string) (credential.Machine, bool) {
	for range 32 {
		if m, ok := g.machines[dir]; ok {
			return m, true
		}
		up := path.Dir(dir)
		if up == dir || up == "." || up == "/" {
			break
		}
		dir = up
	}
	return credential.Machine{}, false
}

package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// indicatorPage is everything about one value: who claims it, what it means,
// where we met it.
type indicatorPage struct {
	Known      bool // a source claims it, or did
	Row        intel.Row
	Obs        observable
	State      string // "live", "expired", "revoked", "withdrawn", "unknown"
	Names      []nameMeaning
	Tags       []intel.Tag
	Reckoning  intel.Reckoning
	Then       *intel.Then // what was known at a time that was asked for
	Relations  []relationLine
	Sightings  []alert.Detection
	Sighted    int
	Seen       telemetry.Seen
	Spark      spark
	SeenEvents []seenEvent
	Blocks     []respond.Action
	Parent     string // registrable domain of a name
	CanAct     bool
	Saved      bool
	Now        time.Time
}

// ParentObs is the registrable domain above the value.
func (p indicatorPage) ParentObs() observable {
	return observable{Type: indicator.Domain, Value: p.Parent}
}

// nameMeaning is a name the sources use and the entities it may mean.
type nameMeaning struct {
	Name     string
	Entities []intel.Meaning
}

// relationLine is a statement of the knowledge base, read from one end.
type relationLine struct {
	Type, Source string
	Outward      bool
	Other        ref.Ref
	Entity       *intel.Entity // nil when the other end is no entity
}

type seenEvent struct {
	Seq     uint64
	Time    time.Time
	Source  string
	Format  string
	Summary string
}

func (indicatorPage) template() string { return "indicator" }
func (p indicatorPage) title() string  { return short(80, p.Obs.Shown()) }

func (s *server) showIndicator(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	row, err := s.cfg.Intel.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p, err := s.indicatorPage(r.Context(), v, row.Type, row.Value, row)
	p.Saved = r.URL.Query().Get("saved") != ""
	if err != nil {
		return nil, err
	}
	if asked := r.URL.Query().Get("as-of"); asked != "" {
		at, err := asOf(asked)
		if err != nil {
			return nil, err
		}
		then, err := s.cfg.Intel.Then(r.Context(), row.Type, row.Value, at)
		if err != nil {
			return nil, err
		}
		p.Then = &then
	}
	return p, nil
}

// showLookup answers for any value, known or not.
func (s *server) showLookup(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	q := r.URL.Query()
	t, value, err := indicator.Identify(indicator.Type(q.Get("type")), q.Get("value"))
	if err != nil {
		return nil, errs.New(errs.Invalid, "value_invalid", "%q is not a value that can be looked up (%s).", short(200, q.Get("value")), indicator.Reason(err)).Because(err)
	}
	row, err := s.cfg.Intel.Lookup(r.Context(), t, value)
	if older := q.Get("value"); older != value && errs.KindOf(err) == errs.NotFound {
		row, err = s.cfg.Intel.Lookup(r.Context(), t, older) // kept since before values were spelled so
	}
	switch {
	case err == nil:
		return see(w, r, "/indicators/"+row.ID)
	case errs.KindOf(err) != errs.NotFound:
		return nil, err
	}
	p, err := s.indicatorPage(r.Context(), v, t, value, row)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *server) indicatorPage(ctx context.Context, v visitor, t indicator.Type, value string, row intel.Row) (indicatorPage, error) {
	p := indicatorPage{
		Known: row.ID != "", Row: row, Obs: observable{Type: t, Value: value}, CanAct: mayAct(v), Now: s.now().UTC(),
	}
	p.State = p.state()
	if host, name, ok := indicator.HostOf(t, value); ok && host == indicator.Domain {
		if up := indicator.RegistrableDomain(name); up != value {
			p.Parent = up
		}
	}
	var err error
	if p.Sightings, p.Sighted, err = s.cfg.Alerts.Sightings(ctx, value, 20); err != nil {
		return p, err
	}
	if err := s.seen(ctx, &p); err != nil {
		return p, err
	}
	if p.Blocks, err = s.blocksOf(ctx, t, value); err != nil || !p.Known {
		return p, err
	}
	if p.Reckoning, err = s.cfg.Intel.Reckon(ctx, row.ID); err != nil {
		return p, err
	}
	if p.Tags, err = s.cfg.Intel.Tags(ctx, row.Tags); err != nil {
		return p, err
	}
	return p, s.meaning(ctx, &p)
}

// state is what the value is today, in one word.
func (p *indicatorPage) state() string {
	switch {
	case !p.Known:
		return "unknown"
	case p.Row.Revoked:
		return "revoked"
	case !p.Row.Claimed && p.Row.PinnedBy == "":
		return "withdrawn"
	case !p.Row.ValidUntil.IsZero() && p.Row.ValidUntil.Before(p.Now):
		return "expired"
	}
	return "live"
}

// seen reads the newest stored events that hold the value.
func (s *server) seen(ctx context.Context, p *indicatorPage) error {
	found, err := s.cfg.History.Find(ctx, pipeline.KeyOf(p.Obs.Type, p.Obs.Value), 20)
	if err != nil {
		return err
	}
	if p.Seen, err = s.cfg.History.Seen(ctx, pipeline.KeyOf(p.Obs.Type, p.Obs.Value)); err != nil {
		return err
	}
	p.Spark = newSpark(p.Seen.Days)
	for _, seq := range found.Seqs {
		records, err := s.cfg.History.Read(ctx, seq, 1)
		if err != nil {
			return err
		}
		if len(records) == 0 || records[0].Seq != seq {
			continue // removed since
		}
		e := seenEvent{Seq: uint64(seq), Time: records[0].Received, Source: records[0].Source}
		if ev, ok := s.cfg.Decoder.Decode(records[0]); ok {
			e.Time, e.Format = ev.Time, ev.Format
		}
		e.Summary = short(160, text(records[0].Raw))
		p.SeenEvents = append(p.SeenEvents, e)
	}
	return nil
}

func (s *server) blocksOf(ctx context.Context, t indicator.Type, value string) ([]respond.Action, error) {
	all, err := s.cfg.Respond.Actions(ctx, respond.Active, "", 0)
	var out []respond.Action
	for _, a := range all {
		if a.Type == t && a.Value == value {
			out = append(out, a)
		}
	}
	return out, err
}

// meaning resolves the names the sources use, and reads the relations.
func (s *server) meaning(ctx context.Context, p *indicatorPage) error {
	resolved, err := s.cfg.Intel.Resolve(ctx, p.Row.Names)
	if err != nil {
		return err
	}
	for _, n := range p.Row.Names {
		p.Names = append(p.Names, nameMeaning{n, resolved[n]})
	}
	p.Relations, err = s.relations(ctx, ref.Ref{Kind: ref.Indicator, ID: p.Row.ID}, 100)
	return err
}

func (s *server) relations(ctx context.Context, of ref.Ref, limit int) ([]relationLine, error) {
	rels, entities, err := s.cfg.Intel.Neighbours(ctx, of, limit)
	if err != nil {
		return nil, err
	}
	byID := map[string]*intel.Entity{}
	for i := range entities {
		byID[entities[i].ID] = &entities[i]
	}
	var out []relationLine
	for _, r := range rels {
		l := relationLine{Type: r.Type, Source: r.Source, Outward: r.From == of, Other: r.To}
		if !l.Outward {
			l.Other = r.From
		}
		l.Entity = byID[l.Other.ID]
		out = append(out, l)
	}
	return out, nil
}

func (s *server) postPin(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	id := r.PathValue("id")
	confidence, err := strconv.Atoi(r.PostFormValue("confidence"))
	if err != nil {
		return nil, errs.New(errs.Invalid, "confidence_invalid", "The confidence is a number from 0 to 100.")
	}
	var until time.Time
	if u := r.PostFormValue("until"); u != "" {
		if until, err = time.Parse(time.DateOnly, u); err != nil {
			return nil, errs.New(errs.Invalid, "until_invalid", "The end is a date such as 2026-12-31, or empty for no end.")
		}
	}
	err = s.cfg.Intel.Pin(r.Context(), id, confidence, until, r.PostFormValue("revoked") != "", r.PostFormValue("why"))
	if err != nil {
		return nil, err
	}
	return see(w, r, "/indicators/"+id+"?saved=1")
}

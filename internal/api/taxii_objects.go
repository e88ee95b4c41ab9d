package api

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// taxiiQuery is what a client asks of a collection.
type taxiiQuery struct {
	c          call
	addedAfter time.Time
	limit      int
	next       string
	ids, types []string
	specs      []string
	version    string // last, first, all or a time
	most       indicator.TLP
}

// taxiiObject is one object of a collection.
type taxiiObject struct {
	id      string
	added   time.Time
	version time.Time
	raw     json.RawMessage
}

// taxiiList is one page.
type taxiiList struct {
	objects []taxiiObject
	more    bool
	next    string
}

// query reads the filters of a request. Clients see what is labelled up to GREEN,
// with the token of an analyst up to AMBER; RED never leaves this way.
func (t *taxii) query(c call) (taxiiQuery, error) {
	q := taxiiQuery{c: c, limit: taxiiPage, next: c.query["next"], version: cmp.Or(c.query["match[version]"], "last"), most: indicator.TLPGreen}
	if ref.ActorFrom(c.ctx).Role >= ref.Analyst {
		q.most = indicator.TLPAmberStrict
	}
	if s := c.query["added_after"]; s != "" {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return q, errs.New(errs.Invalid, "added_after_invalid", "added_after: %q is no time such as 2026-03-03T14:03:00.000000Z.", s)
		}
		q.addedAfter = at
	}
	if s := c.query["limit"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return q, errs.New(errs.Invalid, "limit_invalid", "limit: %q is no number from 1.", s)
		}
		q.limit = min(n, taxiiPage)
	}
	words := func(name string) []string {
		return slices.DeleteFunc(strings.Split(c.query[name], ","), func(s string) bool { return s == "" })
	}
	q.ids, q.types, q.specs = words("match[id]"), words("match[type]"), words("match[spec_version]")
	if id := c.r.PathValue("object"); id != "" {
		q.ids = []string{id}
	}
	if strings.Contains(q.version, ",") { // several: all of them hold what was asked for
		q.version = "all"
	}
	return q, nil
}

// page reads one page of the collection asked for.
func (t *taxii) page(w http.ResponseWriter, c call, versions string) (taxiiList, error) {
	found, err := collectionOf(c)
	if err != nil {
		return taxiiList{}, err
	}
	if !found.CanRead {
		return taxiiList{}, errs.New(errs.Denied, "collection_write_only", "The collection %s cannot be read, only written to.", found.Title)
	}
	q, err := t.query(c)
	if err != nil {
		return taxiiList{}, err
	}
	if versions != "" {
		q.version = versions
	}
	list, err := found.read(t, q)
	if err != nil {
		return list, err
	}
	if len(q.specs) > 0 {
		list.objects = slices.DeleteFunc(list.objects, func(o taxiiObject) bool { return !slices.Contains(q.specs, specOf(o.raw)) })
	}
	if len(list.objects) == 0 && len(q.ids) > 0 && c.r.PathValue("object") != "" {
		return list, errs.New(errs.NotFound, "object_unknown", "The collection %s has no object %q.", found.Title, c.r.PathValue("object"))
	}
	if n := len(list.objects); n > 0 {
		w.Header().Set("X-TAXII-Date-Added-First", taxiiTime(list.objects[0].added))
		w.Header().Set("X-TAXII-Date-Added-Last", taxiiTime(list.objects[n-1].added))
	}
	return list, nil
}

// specOf is the version of STIX of an object: 2.0 where it says nothing, unless it
// is an observable.
func specOf(raw json.RawMessage) string {
	var o struct {
		Spec string `json:"spec_version"`
	}
	_ = json.Unmarshal(raw, &o)
	return cmp.Or(o.Spec, "2.0")
}

// envelope is an answer with objects. An empty one is {}.
type envelope struct {
	More    bool              `json:"more,omitempty"`
	Next    string            `json:"next,omitempty"`
	Objects []json.RawMessage `json:"objects,omitempty"`
}

func (t *taxii) read(w http.ResponseWriter, c call) (any, error) {
	list, err := t.page(w, c, "")
	if err != nil {
		return nil, err
	}
	e := envelope{More: list.more, Next: list.next}
	for _, o := range list.objects {
		e.Objects = append(e.Objects, o.raw)
	}
	return e, nil
}

func (t *taxii) manifest(w http.ResponseWriter, c call) (any, error) {
	list, err := t.page(w, c, "")
	if err != nil {
		return nil, err
	}
	type record struct {
		ID      string `json:"id"`
		Added   string `json:"date_added"`
		Version string `json:"version"`
		Media   string `json:"media_type"`
	}
	out := struct {
		More    bool     `json:"more,omitempty"`
		Next    string   `json:"next,omitempty"`
		Objects []record `json:"objects,omitempty"`
	}{More: list.more, Next: list.next}
	for _, o := range list.objects {
		out.Objects = append(out.Objects, record{o.id, taxiiTime(o.added), o.versionText(), "application/stix+json;version=" + specOf(o.raw)})
	}
	return out, nil
}

// versionText is an object's version: when it was modified, or else added.
func (o taxiiObject) versionText() string {
	v := o.version
	if v.IsZero() {
		v = o.added
	}
	return v.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (t *taxii) versions(w http.ResponseWriter, c call) (any, error) {
	list, err := t.page(w, c, "all")
	if err != nil {
		return nil, err
	}
	out := struct {
		More     bool     `json:"more,omitempty"`
		Next     string   `json:"next,omitempty"`
		Versions []string `json:"versions,omitempty"`
	}{More: list.more, Next: list.next}
	for _, o := range list.objects {
		if v := o.versionText(); !slices.Contains(out.Versions, v) {
			out.Versions = append(out.Versions, v)
		}
	}
	return out, nil
}

// objects reads the kept objects.
func (t *taxii) objects(q taxiiQuery) (taxiiList, error) {
	var after int64
	if q.next != "" {
		var err error
		if after, err = strconv.ParseInt(q.next, 10, 64); err != nil {
			return taxiiList{}, errs.New(errs.Invalid, "next_invalid", "next is not one this server gave out; start again without it.")
		}
	}
	rows, err := t.api.cfg.Intel.Objects(q.c.ctx, intel.ObjectQuery{
		IDs: q.ids, Types: q.types, AddedAfter: q.addedAfter, Versions: q.version, MaxTLP: q.most, After: after, Limit: q.limit + 1,
	})
	if err != nil {
		return taxiiList{}, err
	}
	list := taxiiList{more: len(rows) > q.limit}
	rows = rows[:min(len(rows), q.limit)]
	for _, r := range rows {
		list.objects = append(list.objects, taxiiObject{r.ID, r.Added, r.Modified, r.Raw})
	}
	if list.more {
		list.next = strconv.FormatInt(rows[len(rows)-1].Seq, 10)
	}
	return list, nil
}

// indicators writes the live indicators, in the order in which they came.
func (t *taxii) indicators(q taxiiQuery) (taxiiList, error) {
	if len(q.types) > 0 && !slices.Contains(q.types, "indicator") {
		return taxiiList{}, nil
	}
	if len(q.ids) > 0 {
		return t.indicatorsByID(q)
	}
	rows, next, err := t.api.cfg.Intel.Added(q.c.ctx, intel.Query{MaxTLP: q.most, AddedAfter: q.addedAfter, Limit: q.limit, Cursor: q.next})
	if err != nil {
		return taxiiList{}, err
	}
	list := taxiiList{more: next != "", next: next}
	for _, r := range rows {
		list.add(r)
	}
	return list, nil
}

// add appends an indicator that STIX can say.
func (l *taxiiList) add(r intel.Row) {
	if raw := stix.IndicatorObject(r.Indicator); raw != nil {
		l.objects = append(l.objects, taxiiObject{stix.IndicatorID(r.Indicator), r.FirstSeen, r.LastSeen, raw})
	}
}

func (t *taxii) indicatorsByID(q taxiiQuery) (taxiiList, error) {
	var list taxiiList
	for _, id := range q.ids[:min(len(q.ids), q.limit)] {
		row, err := t.api.cfg.Intel.ByObject(q.c.ctx, id)
		switch {
		case errs.KindOf(err) == errs.NotFound, err == nil && (row.TLP > q.most || !row.FirstSeen.After(q.addedAfter)):
			continue
		case err != nil:
			return list, err
		}
		list.add(row)
	}
	return list, nil
}

// push reads what a client sends, like a feed named after its token.
func (t *taxii) push(_ http.ResponseWriter, c call) (any, error) {
	found, err := collectionOf(c)
	if err != nil {
		return nil, err
	}
	if !found.CanWrite {
		return nil, errs.New(errs.Denied, "collection_read_only", "The collection %s cannot be written to; push to the inbox.", found.Title)
	}
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/taxii+json" {
		return nil, errs.New(errs.Invalid, "media_type", "Send Content-Type: %s.", taxiiMedia)
	}
	s := newStatus()
	run, err := t.api.cfg.Collect.Import(c.ctx, collect.Order{
		Source: "taxii/" + ref.ActorFrom(c.ctx).Name, Name: "push.json", Kind: "stix", Reader: io.LimitReader(c.r.Body, taxiiBody),
	})
	if err != nil {
		return nil, err
	}
	s.Success = run.Report.Stored + run.Report.Merged
	for _, n := range run.Report.Dropped {
		s.Failure += n
	}
	s.Total = s.Success + s.Failure
	for _, sample := range run.Samples {
		s.Failures = append(s.Failures, taxiiFailure{ID: sample.Text, Message: sample.Reason})
	}
	t.keep(s)
	return s, nil
}

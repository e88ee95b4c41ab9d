package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
)

// searchPage finds indicators and the entities behind them.
type searchPage struct {
	Query    intel.Query
	Asked    bool
	Rows     []intel.Row
	Entities []intel.Entity
	NextURL  string
	Counts   intel.Counts
	Types    []indicator.Type
	Sources  []countOf
	ByType   []countOf
	LookUp   *observable // the text is a value that nothing is known of
	CanAct   bool
}

func (searchPage) template() string { return "search" }
func (searchPage) title() string    { return "Intelligence" }

func (s *server) showSearch(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	q := r.URL.Query()
	p := searchPage{Types: indicator.Types, CanAct: mayAct(v), Asked: len(q) > 0, Query: intel.Query{
		Text: short(500, strings.TrimSpace(q.Get("q"))), Type: indicator.Type(q.Get("type")), Source: q.Get("source"), Name: q.Get("name"),
		State: q.Get("state"), Cursor: q.Get("cursor"), Limit: 100,
	}}
	ctx := r.Context()
	var err error
	var next string
	if p.Rows, next, err = s.cfg.Intel.Search(ctx, p.Query); err != nil {
		return nil, err
	}
	if next != "" {
		q.Set("cursor", next)
		p.NextURL = withQuery("/intel", q)
	}
	if words := p.Query.Text + p.Query.Name; words != "" && p.Query.Cursor == "" {
		if p.Entities, err = s.cfg.Intel.FindEntities(ctx, words, "", 12); err != nil {
			return nil, err
		}
	}
	if t, value, err := indicator.Detect(p.Query.Text); err == nil && len(p.Rows) == 0 {
		p.LookUp = &observable{Type: t, Value: value}
	}
	if p.Counts, err = s.cfg.Intel.Counts(ctx); err != nil {
		return nil, err
	}
	p.Sources = ranked(p.Counts.BySource)
	byType := map[string]int{}
	for t, n := range p.Counts.ByType {
		byType[string(t)] = n
	}
	p.ByType = ranked(byType)
	return p, nil
}

// importPage shows what became of an import by hand.
type importPage struct {
	Run  collect.Run
	Loss loss
	Dry  bool
}

func (importPage) template() string { return "import" }
func (importPage) title() string    { return "Import" }

// maxImport bounds an upload. Larger sets are imported on the command line.
const maxImport = 256 << 20

func (s *server) postImport(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxImport)
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		return nil, errs.New(errs.Invalid, "upload_broken", "The upload could not be read; a file may have at most 256 MiB.").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	o := collect.Order{Name: "pasted text", Dry: r.PostFormValue("dry") != ""}
	if file, header, err := r.FormFile("file"); err == nil && header.Size > 0 {
		defer func() { _ = file.Close() }()
		o.Name, o.Reader = header.Filename, io.Reader(file)
	} else if pasted := r.PostFormValue("text"); strings.TrimSpace(pasted) != "" {
		o.Name, o.Reader = "pasted.txt", strings.NewReader(pasted)
	} else {
		return nil, errs.New(errs.Invalid, "import_empty", "Choose a file, or paste some text.")
	}
	for n := range strings.SplitSeq(r.PostFormValue("names"), ",") {
		if n = strings.TrimSpace(n); n != "" {
			o.Options.Names = append(o.Options.Names, n)
		}
	}
	run, err := s.cfg.Collect.Import(r.Context(), o)
	if err != nil && errs.KindOf(err) == errs.Internal {
		return nil, err
	}
	if err != nil {
		run.Error = errs.Public(err)
	}
	return importPage{Run: run, Loss: newLoss(run.Report), Dry: o.Dry}, err
}

// nameSearchURL finds the indicators that carry a name.
func nameSearchURL(name string) string { return "/intel?" + url.Values{"name": {name}}.Encode() }

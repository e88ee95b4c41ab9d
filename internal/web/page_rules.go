package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/sigma"
)

// rulesPage is all detection rules: packs, log sources, and a search.
type rulesPage struct {
	Query    detect.Query
	Asked    bool
	Rows     []ruleLine
	Total    int
	First    int // number of the first row, from 1
	NextURL  string
	PrevURL  string
	Packs    []detect.Pack
	Sources  []logSourceLine
	Silenced []detect.SourceSwitch
	Blind    int // rules that are on and can never fire
	State    pipeline.RulesState
	CanAct   bool
}

// ruleLine is one rule of the list.
type ruleLine struct {
	detect.Rule
	Cover pipeline.Cover
}

// Techniques are the ATT&CK ids among the tags.
func (r ruleLine) Techniques() []string { return techniquesOf(r.Tags) }

// Place names the log source without what it leaves open.
func (r ruleLine) Place() string { return placeOf(r.Source) }

func placeOf(l sigma.LogSource) string {
	var parts []string
	for _, p := range []string{l.Product, l.Category, l.Service} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// logSourceLine is a log source with what it sent lately.
type logSourceLine struct {
	Name   string
	Events int // of the last seven days
	Last   string
}

// Levels are Sigma's, the worst first.
func (rulesPage) Levels() []string {
	return []string{"critical", "high", "medium", "low", "informational"}
}

func (rulesPage) template() string { return "rules" }
func (rulesPage) title() string    { return "Rules" }

const (
	rulesShown = 100
	seenDays   = 7
)

func (s *server) showRules(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	q := r.URL.Query()
	ctx := r.Context()
	offset, err := strconv.Atoi(q.Get("from"))
	if err != nil || offset < 0 {
		offset = 0
	}
	p := rulesPage{CanAct: mayAct(v), Asked: len(q) > 0, First: offset + 1, State: s.cfg.Rules.State(), Query: detect.Query{
		Text: short(300, strings.TrimSpace(q.Get("q"))), Pack: q.Get("pack"), Level: q.Get("level"), Tag: q.Get("tag"), Product: q.Get("product"),
		State: q.Get("state"), Limit: rulesShown, Offset: offset,
	}}
	found, total, err := s.cfg.Detect.Rules(ctx, p.Query)
	if err != nil {
		return nil, err
	}
	p.Total = total
	for _, rule := range found {
		p.Rows = append(p.Rows, ruleLine{rule, s.cfg.Rules.Cover(rule.ID)})
	}
	page := func(from int) string {
		q.Set("from", strconv.Itoa(from))
		return withQuery("/rules", q)
	}
	if offset+rulesShown < total {
		p.NextURL = page(offset + rulesShown)
	}
	if offset > 0 {
		p.PrevURL = page(max(0, offset-rulesShown))
	}
	if p.Packs, err = s.cfg.Detect.Packs(ctx); err != nil {
		return nil, err
	}
	if p.Silenced, err = s.cfg.Detect.SourceSwitches(ctx); err != nil {
		return nil, err
	}
	p.Blind = s.cfg.Rules.Blind()
	p.Sources, err = s.logSources(r)
	return p, err
}

// logSources adds up what each log source sent in the last days.
func (s *server) logSources(r *http.Request) ([]logSourceLine, error) {
	seen, err := s.cfg.Detect.SeenSince(r.Context(), time.Now().UTC().AddDate(0, 0, -seenDays).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	var out []logSourceLine
	for _, e := range seen { // sorted by source, then day
		name := placeOf(e.Source)
		if n := len(out); n == 0 || out[n-1].Name != name {
			out = append(out, logSourceLine{Name: name})
		}
		last := &out[len(out)-1]
		last.Events += e.Events
		last.Last = e.Day
	}
	return out, nil
}

// techniquesOf picks the ATT&CK technique ids out of a rule's tags.
func techniquesOf(tags []string) []string {
	var out []string
	for _, t := range tags {
		if rest, ok := strings.CutPrefix(strings.ToLower(t), "attack."); ok {
			if id, err := attack.ParseID(strings.ToUpper(rest)); err == nil && id.Kind() == attack.Technique {
				out = append(out, string(id))
			}
		}
	}
	return out
}

// packPage shows what became of a pack that was brought in.
type packPage struct {
	Report detect.Report
}

func (packPage) template() string { return "pack" }
func (packPage) title() string    { return "Rules" }

func (s *server) postPack(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxImport)
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		return nil, errs.New(errs.Invalid, "upload_broken", "The upload could not be read; a file may have at most 256 MiB.").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	name := strings.ToLower(strings.TrimSpace(r.PostFormValue("pack")))
	var files []detect.File
	origin := "pasted text"
	if file, header, err := r.FormFile("file"); err == nil && header.Size > 0 {
		defer func() { _ = file.Close() }()
		origin = header.Filename
		if files, err = detect.ReadFiles(header.Filename, file); err != nil {
			return nil, err
		}
	} else if pasted := r.PostFormValue("text"); strings.TrimSpace(pasted) != "" {
		files = []detect.File{{Name: "pasted.yml", Data: []byte(pasted)}}
	} else {
		return nil, errs.New(errs.Invalid, "import_empty", "Choose a file, or paste a rule.")
	}
	report, err := s.cfg.Detect.Import(r.Context(), detect.Pack{
		Name: name, Version: short(80, r.PostFormValue("version")), License: short(80, r.PostFormValue("license")), Origin: origin,
	}, files, r.PostFormValue("dry") != "")
	if err != nil && len(report.Refused) == 0 {
		return nil, err
	}
	return packPage{report}, err
}

func (s *server) postSourceSwitch(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	source := sigma.LogSource{
		Product: strings.TrimSpace(r.PostFormValue("product")), Category: strings.TrimSpace(r.PostFormValue("category")), Service: strings.TrimSpace(r.PostFormValue("service")),
	}
	if err := s.cfg.Detect.SwitchSource(r.Context(), source, r.PostFormValue("on") != "", strings.TrimSpace(r.PostFormValue("why"))); err != nil {
		return nil, err
	}
	return see(w, r, "/rules")
}

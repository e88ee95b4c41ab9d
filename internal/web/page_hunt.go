package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/ref"
)

// huntPage asks the history and shows what it says.
type huntPage struct {
	Query, Since, Until string
	Asked               bool
	Problem             string // what is wrong with the question
	Answer              hunt.Answer
	Events              []huntLine
	Tables              []huntTable
	Fields              []huntField
	Spark               spark
	Saved               []hunt.Saved
	Lists               []string
	Jobs                []hunt.Job
	Numbers             map[string]int // of the incidents of Jobs, by id
	CanAct              bool
	Hypothesis          string
	Technique           string
	Spans               []spanChoice
	Rule, RulePack      string // the question as a Sigma rule
	NoRule              string // why it cannot be one
}

// spanChoice is a choice of how far to look back.
type spanChoice struct {
	Value, Name string
	Here        bool
}

// huntLine is one event as it stands in the table.
type huntLine struct {
	ID     string
	Time   time.Time
	Source string
	What   string
	Values []pivotValue
}

// pivotValue is a value that narrows the question when it is chosen.
type pivotValue struct {
	Field, Shown string
	URL          string
	Count        int
}

type huntField struct {
	Name   string
	Events int
	Values []pivotValue
	More   int
}

type huntTable struct {
	hunt.Table
	Lines []huntRow
}

type huntRow struct {
	Values []pivotValue
	N      int
}

func (huntPage) template() string { return "hunt" }
func (huntPage) title() string    { return "Hunt" }

const (
	huntShown  = 100
	huntRows   = 200
	huntFields = 60
	// huntBudget is how long a page waits: a longer hunt is saved, or asked on the
	// command line.
	huntBudget = 15 * time.Second
)

// huntColumns are the fields shown of an event, as far as it has them.
var huntColumns = []string{
	"event.dataset", "event.action", "host.name", "user.name", "source.ip", "destination.ip", "destination.port", "dns.question.name", "url.full", "url.domain",
	"tls.server_name", "process.executable", "process.command_line", "file.path", "file.name", "rule.name",
}

func (s *server) showHunt(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	q := r.URL.Query()
	p := huntPage{
		Query: short(8000, strings.TrimSpace(q.Get("q"))), Since: q.Get("since"), Until: q.Get("until"), CanAct: mayAct(v),
		Asked: q.Has("q"), Hypothesis: short(5000, q.Get("hypothesis")), Technique: short(20, q.Get("technique")),
	}
	if !q.Has("since") {
		p.Since = "7d"
	}
	for _, c := range [][2]string{{"1h", "last hour"}, {"24h", "last day"}, {"7d", "last 7 days"}, {"30d", "last 30 days"}, {"365d", "last year"}, {"", "all that is kept"}} {
		p.Spans = append(p.Spans, spanChoice{c[0], c[1], c[0] == p.Since})
	}
	ctx := r.Context()
	var err error
	if p.Saved, err = s.cfg.Hunt.Hunts(ctx); err != nil {
		return nil, err
	}
	if p.Lists, err = s.cfg.Hunt.Lists(ctx); err != nil {
		return nil, err
	}
	if p.Jobs, err = s.cfg.Hunt.Jobs(ctx, 10); err != nil {
		return nil, err
	}
	var incidents []string
	for _, j := range p.Jobs {
		incidents = append(incidents, j.Incidents[:min(len(j.Incidents), linkedIncidents)]...)
	}
	if p.Numbers, err = s.cfg.Alerts.Numbers(ctx, incidents); err != nil {
		return nil, err
	}
	if !p.Asked {
		return p, nil
	}
	err = s.ask(r, &p)
	if errs.KindOf(err) == errs.Invalid {
		p.Problem = errs.Public(err)
		return p, err
	}
	return p, err
}

// ask puts the question and lays out the answer.
func (s *server) ask(r *http.Request, p *huntPage) error {
	now := s.now()
	a := hunt.Ask{Limit: huntShown, Budget: huntBudget}
	var err error
	if a.Since, err = hunt.Moment(p.Since, now); err != nil {
		return err
	}
	if a.Until, err = hunt.Moment(p.Until, now); err != nil {
		return err
	}
	if p.Answer, err = s.cfg.Hunt.Ask(r.Context(), p.Query, a, nil); err != nil {
		return err
	}
	p.rule(ref.ActorFrom(r.Context()).Name)
	for _, f := range p.Answer.Found {
		p.Events = append(p.Events, p.line(f))
	}
	for i, f := range p.Answer.Fields {
		if i < huntFields {
			p.Fields = append(p.Fields, p.field(f))
		}
	}
	for _, t := range p.Answer.Tables {
		p.Tables = append(p.Tables, p.table(t))
	}
	var all []stretch
	for _, b := range p.Answer.Buckets {
		all = append(all, stretch{b.From.Format("2006-01-02 15:04"), b.Count})
	}
	if len(all) > 0 {
		p.Spark = bars(all, "Matching events by "+p.Answer.Every)
	}
	return nil
}

// rule says the question as a rule.
func (p *huntPage) rule(author string) {
	q, err := hunt.Parse(p.Query)
	if err == nil {
		p.Rule, err = q.Rule(hunt.Draft{
			Title: "Hunt: " + short(120, p.Query), Description: "Made of a hunt.", Author: author, Level: "medium", Technique: p.Technique,
		})
	}
	if err != nil {
		p.NoRule = errs.Public(err)
		return
	}
	sum := sha256.Sum256([]byte(p.Query))
	p.RulePack = "hunt-" + hex.EncodeToString(sum[:4])
}

func (p *huntPage) line(f hunt.Found) huntLine {
	l := huntLine{ID: f.ID, Time: f.Time, Source: f.Source, What: short(200, firstText(f.Event, "message", "rule.name"))}
	for _, name := range huntColumns {
		if v := f.Event.Fields.String(name); v != "" && len(l.Values) < 8 {
			l.Values = append(l.Values, p.pivot(name, v, 0))
		}
	}
	return l
}

func firstText(ev *event.Event, names ...string) string {
	for _, n := range names {
		if s := ev.Fields.String(n); s != "" {
			return s
		}
	}
	return ""
}

// pivot is a value that is added to the question. A pipe's stages fall away: they
// count what the narrower question finds no longer.
func (p *huntPage) pivot(field, value string, n int) pivotValue {
	where, _, _ := strings.Cut(p.Query, "|")
	if where = strings.TrimSpace(where); where != "" {
		if strings.Contains(strings.ToLower(where), " or ") {
			where = "(" + where + ")"
		}
		where += " "
	}
	where += field + ":" + hunt.Quote(value)
	shown := short(160, value)
	if !strings.HasPrefix(field, "event.") { // names of datasets look like hosts
		shown = indicator.Defang(shown)
	}
	return pivotValue{Field: field, Shown: seenValue(shown), Count: n, URL: p.url(where)}
}

func (p *huntPage) url(query string) string {
	q := url.Values{"q": {query}, "since": {p.Since}}
	if p.Until != "" {
		q.Set("until", p.Until)
	}
	return "/hunt?" + q.Encode()
}

func (p *huntPage) field(f hunt.FieldStat) huntField {
	out := huntField{Name: f.Field, Events: f.Events, More: f.More}
	for _, c := range f.Values {
		out.Values = append(out.Values, p.pivot(f.Field, c.Value, c.N))
	}
	return out
}

func (p *huntPage) table(t hunt.Table) huntTable {
	out := huntTable{Table: t}
	for i, r := range t.Rows {
		if i == huntRows {
			break
		}
		line := huntRow{N: r.N}
		for k, v := range r.Values {
			cell := pivotValue{Shown: v}
			if k < len(t.By) && t.By[k] != "@timestamp" && v != "" {
				cell = p.pivot(t.By[k], v, r.N)
			}
			line.Values = append(line.Values, cell)
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

func (s *server) postHunt(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	h := hunt.Saved{ID: r.PostFormValue("id"), Name: r.PostFormValue("name"), Query: r.PostFormValue("q"), Hypothesis: r.PostFormValue("hypothesis"), Technique: strings.TrimSpace(r.PostFormValue("technique"))}
	var err error
	if h.Days, err = number(r, "days"); err != nil {
		return nil, err
	}
	if h.Hours, err = number(r, "hours"); err != nil {
		return nil, err
	}
	h, err = s.cfg.Hunt.Save(r.Context(), h)
	if err != nil {
		return nil, err
	}
	return see(w, r, "/hunts/"+h.ID)
}

// number reads a field of a form that may be empty.
func number(r *http.Request, name string) (int, error) {
	text := strings.TrimSpace(r.PostFormValue(name))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errs.New(errs.Invalid, "number_invalid", "%s is a number, not %q.", name, short(40, text))
	}
	return n, nil
}

func (s *server) postHuntList(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	l, err := s.cfg.Hunt.SaveList(r.Context(), r.PostFormValue("name"), r.PostFormValue("text"))
	if err != nil {
		return nil, err
	}
	return see(w, r, "/hunt?"+url.Values{"q": {"in list:" + hunt.Quote(l.Name)}}.Encode())
}

func (s *server) postRetro(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if _, err := s.cfg.Hunt.Retro(r.Context()); err != nil {
		return nil, err
	}
	return see(w, r, "/hunt#back")
}

// savedPage is one hunt that is kept.
type savedPage struct {
	hunt.Saved
	CanAct bool
}

// AskURL puts the question on the hunt page.
func (p savedPage) AskURL() string {
	q := url.Values{"q": {p.Query}}
	if p.Days > 0 {
		q.Set("since", strconv.Itoa(p.Days)+"d")
	}
	return "/hunt?" + q.Encode()
}

func (savedPage) template() string { return "saved" }
func (p savedPage) title() string  { return short(80, p.Name) }

func (s *server) showSaved(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	h, err := s.cfg.Hunt.Hunt(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return savedPage{h, mayAct(v)}, nil
}

func (s *server) postHuntRun(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if _, err := s.cfg.Hunt.Try(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	return see(w, r, "/hunts/"+r.PathValue("id"))
}

func (s *server) postDeleteHunt(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	if err := s.cfg.Hunt.Delete(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	return see(w, r, "/hunt")
}

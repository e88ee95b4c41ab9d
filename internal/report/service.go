package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Store keeps reports. Each change is one transaction with its line in the audit
// log.
type Store interface {
	// Add keeps a new report with its text and findings. A second one with the same
	// hash is an errs.Conflict.
	Add(ctx context.Context, r Report, text string, findings []Finding, act ref.Act) error
	// Save keeps the report and those findings that changed.
	Save(ctx context.Context, r Report, changed []Finding, act ref.Act) error
	// Reports returns the newest.
	Reports(ctx context.Context, limit int) ([]Report, error)
	// ByHash returns the report of a file; ok is false when there is none.
	ByHash(ctx context.Context, hash string) (r Report, ok bool, err error)
	// Report returns a report with its text and findings, or errs.NotFound.
	Report(ctx context.Context, id string) (Report, string, []Finding, error)
}

// Publisher brings what is accepted into the knowledge base. Publish is called
// with everything accepted of a report, again and again; what it had been given
// before and no longer is, it takes back.
type Publisher interface {
	Publish(ctx context.Context, r Report, accepted []Finding) (Published, error)
}

// Published is what became of the accepted findings.
type Published struct {
	Stored    int            `json:"stored"`
	Merged    int            `json:"merged"`
	Withdrawn int            `json:"withdrawn"`
	Dropped   map[string]int `json:"dropped,omitempty"` // by reason
}

// Eyes say which of our rules would see techniques.
type Eyes interface {
	See(ctx context.Context, techniques []string) (map[string]Sight, error)
}

// Sight is what would see a technique.
type Sight struct {
	Rules []RuleSight `json:"rules"`
	Off   int         `json:"off"` // rules for it that are switched off
}

// RuleSight is one rule for a technique.
type RuleSight struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Fires bool   `json:"fires"`
	Why   string `json:"why,omitempty"` // why it cannot
}

// Seen says whether a rule would see it.
func (s Sight) Seen() bool {
	for _, r := range s.Rules {
		if r.Fires {
			return true
		}
	}
	return false
}

// Config is what a Service needs.
type Config struct {
	Store     Store
	Engine    *extract.Engine
	Publisher Publisher
	Eyes      Eyes
}

// Service owns the reports. Safe for concurrent use.
type Service struct {
	cfg Config
	now func() time.Time

	reviewing sync.Mutex // one review at a time: each publishes all that is accepted
}

// New returns a Service.
func New(cfg Config) *Service { return &Service{cfg: cfg, now: time.Now} }

// View is a report with all that is known of it.
type View struct {
	Report   Report           `json:"report"`
	Findings []Finding        `json:"findings"`
	Sight    map[string]Sight `json:"sight"` // by technique
	Text     string           `json:"-"`
}

// Add reads a document and keeps what was found. The same file again gives the
// report that is there, and known is true.
func (s *Service) Add(ctx context.Context, name string, data []byte) (r Report, known bool, err error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Report{}, false, err
	}
	if len(data) == 0 {
		return Report{}, false, errs.New(errs.Invalid, "report_empty", "The report is empty.")
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	if r, ok, err := s.cfg.Store.ByHash(ctx, hash); err != nil || ok {
		return r, ok, err
	}
	text, err := document.Read(data)
	if err != nil && !errors.Is(err, document.ErrCut) {
		return Report{}, false, errs.New(errs.Invalid, "report_unreadable", "%s: %s.", clean(name), err)
	}
	findings, _ := group(s.cfg.Engine.Extract(text))
	who := ref.ActorFrom(ctx)
	r = Report{
		ID: uuid.Must(uuid.NewV7()).String(), Name: clean(name), File: clean(name), Kind: document.Kind(data), Hash: hash, Size: len(data), Source: short(text.Source),
		Added: s.now().UTC(), By: who.Name, Cut: err != nil,
	}
	if title := titleOf(text); title != "" {
		r.Name = clean(title)
	}
	r.count(findings)
	err = s.cfg.Store.Add(ctx, r, text.Body, findings, ref.Act{
		Actor: who, Verb: "report.add", Target: ref.Ref{Kind: ref.Report, ID: r.ID}, Detail: map[string]any{"name": r.Name, "sha256": hash, "findings": len(findings)},
	})
	if errs.KindOf(err) == errs.Conflict { // somebody else was faster
		if there, ok, byHash := s.cfg.Store.ByHash(ctx, hash); byHash == nil && ok {
			return there, true, nil
		}
	}
	return r, false, err
}

// titleOf is what a document calls itself, or its first heading when that stands at
// its beginning.
func titleOf(t extract.Text) string {
	if t.Title != "" {
		return t.Title
	}
	headings := t.Headings
	if headings == nil {
		headings = extract.FindHeadings(t.Body[:min(len(t.Body), 4096)])
	}
	if len(headings) > 0 && headings[0].Level <= 2 && strings.TrimSpace(t.Body[:headings[0].At]) == "" {
		return headings[0].Title
	}
	return ""
}

// clean is a name that fits on a line.
func clean(s string) string {
	if s = short(s); s == "" {
		return "pasted text"
	}
	if strings.Contains(s, "/") && !strings.ContainsAny(s, " :") {
		s = path.Base(s)
	}
	return s
}

func short(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:199]) + "…"
	}
	return s
}

// Reports returns the newest reports.
func (s *Service) Reports(ctx context.Context, limit int) ([]Report, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.cfg.Store.Reports(ctx, min(max(limit, 1), 1000))
}

// Report returns one report with its text, its findings and which of its
// techniques we would see.
func (s *Service) Report(ctx context.Context, id string) (View, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return View{}, err
	}
	var v View
	var err error
	if v.Report, v.Text, v.Findings, err = s.cfg.Store.Report(ctx, id); err != nil {
		return View{}, err
	}
	var ids []string
	for _, f := range v.Findings {
		if f.Kind == extract.Technique && f.ID != "" && f.State != Rejected && (f.Suppressed == "" || f.State == Accepted) {
			ids = append(ids, f.ID)
		}
	}
	v.Sight, err = s.cfg.Eyes.See(ctx, ids)
	return v, err
}

// Decision is what an analyst decides, by numbers of findings.
type Decision struct {
	Accept []int `json:"accept"`
	Reject []int `json:"reject"`
	Undo   []int `json:"undo"` // back to proposed
}

// Review carries a decision out: what is accepted becomes live at once, what was
// and no longer is is withdrawn.
func (s *Service) Review(ctx context.Context, id string, d Decision) (Published, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Published{}, err
	}
	s.reviewing.Lock()
	defer s.reviewing.Unlock()
	r, _, findings, err := s.cfg.Store.Report(ctx, id)
	if err != nil {
		return Published{}, err
	}
	live := r.Accepted
	changed, err := decide(findings, d)
	if err != nil || len(changed) == 0 {
		return Published{}, err
	}
	accepted := acceptedOf(findings)
	var out Published
	if live > 0 || len(accepted) > 0 {
		// The knowledge base first: doing it twice is the same, and what is called
		// accepted must be live.
		if out, err = s.cfg.Publisher.Publish(ctx, r, accepted); err != nil {
			return out, err
		}
	}
	who := ref.ActorFrom(ctx)
	r.count(findings)
	r.Reviewed, r.ReviewedBy = s.now().UTC(), who.Name
	return out, s.cfg.Store.Save(ctx, r, changed, ref.Act{
		Actor: who, Verb: "report.review", Target: ref.Ref{Kind: ref.Report, ID: r.ID},
		Detail: map[string]any{"accepted": len(d.Accept), "rejected": len(d.Reject), "undone": len(d.Undo), "live": len(accepted), "stored": out.Stored, "merged": out.Merged, "withdrawn": out.Withdrawn},
	})
}

func acceptedOf(findings []Finding) []Finding {
	var out []Finding
	for _, f := range findings {
		if f.State == Accepted {
			out = append(out, f)
		}
	}
	return out
}

// decide changes the states and returns the findings that changed.
func decide(findings []Finding, d Decision) ([]Finding, error) {
	to := map[int]State{}
	for _, part := range []struct {
		seqs  []int
		state State
	}{{d.Undo, Proposed}, {d.Reject, Rejected}, {d.Accept, Accepted}} {
		for _, seq := range part.seqs {
			if seq < 1 || seq > len(findings) {
				return nil, errs.New(errs.Invalid, "finding_unknown", "The report has no finding %d.", seq)
			}
			to[seq] = part.state
		}
	}
	var changed []Finding
	for i := range findings {
		if state, ok := to[findings[i].Seq]; ok && findings[i].State != state {
			findings[i].State = state
			changed = append(changed, findings[i])
		}
	}
	return changed, nil
}

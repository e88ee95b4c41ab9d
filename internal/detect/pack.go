package detect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// File is one file of a pack.
type File struct {
	Name string
	Data []byte
}

// Refusal is a rule that a pack could not bring in.
type Refusal struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why"`
}

// Report says what an import did: Rules + Filters + Correlations = Change.New +
// Changed + Unchanged + Moved; what is missing stands in Refused.
type Report struct {
	Pack         string    `json:"pack"`
	Files        int       `json:"files"`
	Rules        int       `json:"rules"`
	Filters      int       `json:"filters"`
	Correlations int       `json:"correlations"`
	Change       Change    `json:"change"`
	Refused      []Refusal `json:"refused"`
	DryRun       bool      `json:"dry_run,omitempty"`
}

// maxRules bounds one pack.
const maxRules = 100_000

var packName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Import makes files the content of the pack p.Name. New rules are on, unless their
// status is deprecated or unsupported; those that stay keep their switch. With
// dry nothing is changed.
func (s *Service) Import(ctx context.Context, p Pack, files []File, dry bool) (Report, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Report{}, err
	}
	if !packName.MatchString(p.Name) {
		return Report{}, errs.New(errs.Invalid, "pack_name", "A pack is called by lower-case letters, digits, '.', '_' and '-', at most 64; %q is not.", p.Name)
	}
	in := reading{pack: p, seen: map[string]string{}, texts: map[string]string{}, files: map[fileKey]parsedFile{}, report: Report{Pack: p.Name, Files: len(files), Refused: []Refusal{}, DryRun: dry}}
	for _, f := range files {
		in.file(f)
	}
	if len(in.rules) == 0 {
		return in.report, errs.New(errs.Invalid, "pack_empty", "None of the %d files holds a Sigma rule that can be read, so the pack %s stays as it was.", len(files), p.Name)
	}
	if len(in.rules) > maxRules {
		return in.report, errs.New(errs.Invalid, "pack_too_large", "A pack holds at most %d rules; this one has %d.", maxRules, len(in.rules))
	}
	if dry {
		return in.report, nil
	}
	who := ref.ActorFrom(ctx)
	p.Imported, p.By, p.Refused = s.now().UTC(), who.Name, len(in.report.Refused)
	var err error
	in.report.Change, err = s.store.Replace(ctx, p, in.rules, in.texts, ref.Act{
		Actor: who, Verb: "detect.import", Target: ref.Ref{Kind: ref.Pack, ID: p.Name}, Time: p.Imported,
		Detail: map[string]any{"origin": p.Origin, "version": p.Version, "rules": len(in.rules), "refused": len(in.report.Refused)},
	})
	if err == nil {
		s.parsed.add(in.files) // those in which nothing was taken are forgotten when the rules are read
	}
	return in.report, err
}

// reading is one pack being read.
type reading struct {
	pack   Pack
	seen   map[string]string // rule id -> where
	texts  map[string]string // by hash
	files  map[fileKey]parsedFile
	rules  []Rule
	report Report
}

func (in *reading) file(f File) {
	c := parseFile(f.Name, string(f.Data))
	in.report.Refused = append(in.report.Refused, c.problems...)
	sum := sha256.Sum256(f.Data)
	hash := hex.EncodeToString(sum[:])
	in.files[fileKey{f.Name, hash}] = c
	// A rule with an aggregation behind its condition was read as a silent rule
	// and a correlation of the same id: one rule to people.
	counting := map[string]bool{}
	for i := range c.Rules {
		if r := &c.Rules[i]; r.Silent {
			counting[idOf(r, in.pack.Name)] = true
			in.report.Correlations += in.rule(r, Correlation, hash, f)
		} else {
			in.report.Rules += in.rule(r, Plain, hash, f)
		}
	}
	for i := range c.Filters {
		in.report.Filters += in.rule(&c.Filters[i].Rule, Filter, hash, f)
	}
	for i := range c.Correlations {
		if counting[idOf(&c.Correlations[i].Rule, in.pack.Name)] {
			continue
		}
		in.report.Correlations += in.rule(&c.Correlations[i].Rule, Correlation, hash, f)
	}
}

// rule takes one rule and returns 1, or 0 when it is refused.
func (in *reading) rule(r *sigma.Rule, kind Kind, hash string, f File) int {
	id := idOf(r, in.pack.Name)
	where := fmt.Sprintf("%s:%d", r.File, r.Line)
	if first, taken := in.seen[id]; taken {
		in.report.Refused = append(in.report.Refused, Refusal{r.File, r.Line, r.Title, "its id " + id + " is taken by the rule at " + first + ": give it another"})
		return 0
	}
	in.seen[id] = where
	in.texts[hash] = string(f.Data)
	license := r.License
	if license == "" {
		license = in.pack.License
	}
	in.rules = append(in.rules, Rule{
		ID: id, Pack: in.pack.Name, File: f.Name, Line: r.Line, Kind: kind, Title: r.Title, Description: r.Description,
		Level: r.Level, Status: r.Status, Author: r.Author, License: license, Tags: r.Tags, Source: r.LogSource,
		References: r.References, FalsePos: r.FalsePositives, Text: hash,
		On: r.Status != "deprecated" && r.Status != "unsupported",
	})
	return 1
}

// namespace makes ids for rules that state none.
var namespace = uuid.MustParse("b3b1a6ab-5f0e-5b2e-9c4e-6f1d1a0c7f52")

func idOf(r *sigma.Rule, pack string) string {
	if r.ID != "" {
		return r.ID
	}
	return uuid.NewSHA1(namespace, []byte(pack+"\x00"+r.File+"\x00"+r.Title)).String()
}

// ruleIn finds a rule in the text of its file.
func ruleIn(meta Rule, text string) (sigma.Rule, error) {
	c, err := sigma.Parse(meta.File, []byte(text))
	for i := range c.Rules {
		if idOf(&c.Rules[i], meta.Pack) == meta.ID {
			r := c.Rules[i]
			r.ID = meta.ID
			return r, nil
		}
	}
	if err != nil {
		return sigma.Rule{}, err
	}
	return sigma.Rule{}, errs.New(errs.NotFound, "rule_unknown", "The file %s no longer holds the rule %s.", meta.File, meta.ID)
}

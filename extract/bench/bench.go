// Package bench measures an [extract.Engine] on labelled reports: test cases of
// txt2stix, campaigns of ESET with their lists and MISP events, reports of
// AnnoCTR with marked names, and reports of TRAM with techniques.
//
// [Run] recognises each by its files. Every row says what was missed and what was
// too much, so that wrong labels can be told from wrong answers.
package bench

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/extract"
)

// File is a file of a corpus, decompressed.
type File struct {
	Name string
	Data []byte
}

// Row is one document and one kind.
type Row struct {
	Corpus   string   `json:"corpus"`
	Document string   `json:"document"`
	Kind     string   `json:"kind"` // observable, actor, malware, tool, technique
	Expected int      `json:"expected"`
	Found    int      `json:"found"`
	Extra    int      `json:"extra"`
	Missed   []string `json:"missed,omitempty"`
	TooMuch  []string `json:"too_much,omitempty"`
	Trained  bool     `json:"trained,omitempty"` // the model knows the document: not counted
}

// Report is the result of a run.
type Report struct {
	Rows    []Row
	Summary map[string]float64
}

// Settings of a run.
type Settings struct {
	Engine     *extract.Engine
	Model      *extract.Model
	Techniques *extract.Techniques
	Read       func(data []byte) (extract.Text, error) // of a report
	Progress   func(done int)
}

// listed bounds the lists in a row.
const listed = 40

// Run measures everything it recognises among the files.
func Run(s Settings, files []File) (Report, error) {
	r := &runner{Settings: s}
	r.cases(files)
	r.campaigns(files)
	if err := r.marked(files); err != nil {
		return Report{}, err
	}
	if err := r.techniqueReports(files); err != nil {
		return Report{}, err
	}
	if len(r.rows) == 0 {
		return Report{}, errors.New("no labelled report found: want txt2stix, feeds-eset, reports-annoctr or reports-tram as published")
	}
	return Report{Rows: r.rows, Summary: summarise(r.rows)}, nil
}

type runner struct {
	Settings
	rows []Row
}

func (r *runner) add(row Row) {
	slices.Sort(row.Missed)
	slices.Sort(row.TooMuch)
	row.Missed = row.Missed[:min(len(row.Missed), listed)]
	row.TooMuch = row.TooMuch[:min(len(row.TooMuch), listed)]
	r.rows = append(r.rows, row)
	if r.Progress != nil {
		r.Progress(len(r.rows))
	}
}

// summarise gives recall, precision and F1 by corpus and kind, over all documents
// together.
func summarise(rows []Row) map[string]float64 {
	type sum struct{ expected, found, extra, documents float64 }
	all := map[string]*sum{}
	for _, row := range rows {
		if row.Trained {
			continue
		}
		for _, key := range []string{row.Corpus + "_" + row.Kind, row.Kind} {
			if all[key] == nil {
				all[key] = &sum{}
			}
			s := all[key]
			s.expected += float64(row.Expected)
			s.found += float64(row.Found)
			s.extra += float64(row.Extra)
			s.documents++
		}
	}
	out := map[string]float64{}
	for key, s := range all {
		recall, precision := 1.0, 1.0
		if s.expected > 0 {
			recall = s.found / s.expected
		}
		if s.found+s.extra > 0 {
			precision = s.found / (s.found + s.extra)
		}
		out[key+"_recall"], out[key+"_precision"] = recall, precision
		out[key+"_f1"] = 2 * recall * precision / max(recall+precision, 1e-9)
		out[key+"_expected"], out[key+"_documents"] = s.expected, s.documents
	}
	return out
}

func base(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".gz"), ".zst")
}

func current(t *extract.Techniques, id string) attack.ID {
	for _, n := range t.Find(id) {
		if n.Cited != "" {
			return n.IDs[0]
		}
	}
	return attack.ID(id)
}

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/extract"
)

// known is the share of sentences from which a document counts as trained on.
const known = 0.25

// techniqueReports holds the techniques of whole reports against TRAM's. Counted are
// the techniques that the annotators looked for: those of the model and of the
// labels, all under their names of today.
func (r *runner) techniqueReports(files []File) error {
	space := map[attack.ID]bool{}
	for _, id := range r.Model.Labels() {
		space[id] = true
	}
	for _, f := range files {
		if base(f.Name) != "documents.jsonl" {
			continue
		}
		for n, line := range bytes.Split(f.Data, []byte("\n")) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			var d struct {
				Title, Text string
				Techniques  []string
			}
			if err := json.Unmarshal(line, &d); err != nil {
				return fmt.Errorf("%s: line %d is no JSON: %w", f.Name, n+1, err)
			}
			r.techniqueReport(d.Title, d.Text, d.Techniques, space)
		}
	}
	return nil
}

func (r *runner) techniqueReport(title, text string, labels []string, space map[attack.ID]bool) {
	truth := map[attack.ID]bool{}
	for _, l := range labels {
		id := current(r.Techniques, l)
		truth[id], space[id] = true, true
	}
	t, err := r.Read([]byte(text))
	if err != nil {
		return
	}
	found := map[attack.ID]bool{}
	literal := map[attack.ID]bool{}
	for _, it := range r.Engine.Extract(t) {
		id := attack.ID(it.ID)
		if it.Kind != extract.Technique || !space[id] {
			continue
		}
		if it.Suppressed == "" {
			found[id] = true
		}
	}
	for _, n := range r.Techniques.Find(text) {
		for _, id := range n.IDs {
			if space[id] {
				literal[id] = true
			}
		}
	}
	trained := r.trained(t.Body)
	r.add(techniqueRow("technique", title, truth, found, trained))
	r.add(techniqueRow("technique_by_name", title, truth, literal, trained))
}

func techniqueRow(kind, title string, truth, found map[attack.ID]bool, trained bool) Row {
	row := Row{Corpus: "tram", Document: title, Kind: kind, Trained: trained}
	for id := range truth {
		row.count(found[id], string(id))
	}
	for id := range found {
		if !truth[id] {
			row.extra(string(id))
		}
	}
	return row
}

// trained says whether the model was trained on much of a document.
func (r *runner) trained(text string) bool {
	all, seen := 0, 0
	for _, s := range extract.Sentences(text) {
		if sentence := text[s.From:s.To]; len(strings.Fields(sentence)) >= 8 {
			all++
			if r.Model.Trained(sentence) {
				seen++
			}
		}
	}
	return all > 0 && float64(seen) > known*float64(all)
}

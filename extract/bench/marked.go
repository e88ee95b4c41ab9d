package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/extract"
)

// mark is a mention that AnnoCTR links to an entity.
type mark struct {
	Mention  string
	Class    string `json:"entity_class"`
	Kind     string `json:"entity_type"`
	Document string
}

var markKinds = map[string]extract.Kind{"GROUP": extract.Actor, "MALWARE": extract.Malware, "TOOL": extract.Tool}

// marked holds the names found in AnnoCTR's reports against its marks. Each mark
// counts; a name is found when an item that names somebody or something shares a
// word with it. The rows named "named" ask for the kind, too.
func (r *runner) marked(files []File) error {
	texts := map[string]string{}
	marks := map[string][]mark{}
	for _, f := range files {
		dir := path.Base(path.Dir(f.Name))
		switch {
		case path.Base(path.Dir(path.Dir(f.Name))) == "text" && strings.HasSuffix(f.Name, ".txt"):
			texts[strings.TrimSuffix(path.Base(f.Name), ".txt")] = string(f.Data)
		case strings.HasPrefix(dir, "linking_mitre") && strings.HasSuffix(base(f.Name), ".jsonl"):
			for n, line := range bytes.Split(f.Data, []byte("\n")) {
				if len(bytes.TrimSpace(line)) == 0 {
					continue
				}
				var m mark
				if err := json.Unmarshal(line, &m); err != nil {
					return fmt.Errorf("%s: line %d is no JSON: %w", f.Name, n+1, err)
				}
				marks[m.Document] = append(marks[m.Document], m)
			}
		}
	}
	for _, doc := range slices.Sorted(maps.Keys(marks)) {
		if text, ok := texts[doc]; ok {
			r.markedDocument(doc, text, marks[doc])
		}
	}
	return nil
}

func (r *runner) markedDocument(doc, text string, marks []mark) {
	t, err := r.Read([]byte(text))
	if err != nil {
		return
	}
	names := map[extract.Kind]map[string]bool{extract.Actor: {}, extract.Malware: {}, extract.Tool: {}}
	for _, it := range r.Engine.Extract(t) {
		if names[it.Kind] != nil && it.Suppressed == "" {
			names[it.Kind][folded(it.Text)] = true
		}
	}
	rows := map[extract.Kind]*Row{}
	strict := &Row{Corpus: "annoctr", Document: doc, Kind: "named"}
	expected := map[extract.Kind]map[string]bool{}
	for _, m := range marks {
		kind, ok := markKinds[m.Kind]
		if !ok || !strings.Contains(text, m.Mention) {
			continue
		}
		if rows[kind] == nil {
			rows[kind] = &Row{Corpus: "annoctr", Document: doc, Kind: string(kind)}
			expected[kind] = map[string]bool{}
		}
		expected[kind][folded(m.Mention)] = true
		rows[kind].count(named(names[extract.Actor], m.Mention) || named(names[extract.Malware], m.Mention) || named(names[extract.Tool], m.Mention), m.Mention)
		strict.count(named(names[kind], m.Mention), string(kind)+" "+m.Mention)
	}
	for kind, found := range names {
		for name := range found {
			any := false
			for _, e := range expected {
				any = any || named(e, name)
			}
			if row := rows[kind]; !any && row != nil {
				row.extra(name)
			} else if !any {
				rows[kind] = &Row{Corpus: "annoctr", Document: doc, Kind: string(kind), Extra: 1, TooMuch: []string{name}}
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(rows)) {
		r.add(*rows[kind])
	}
	r.add(*strict)
}

func folded(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return strings.ContainsRune(" -_.\u00a0\n", c) }), "")
}

// named says whether a mention is one of the names, or has one in it, or is in one.
func named(names map[string]bool, mention string) bool {
	m := folded(mention)
	if names[m] {
		return true
	}
	for n := range names {
		if len(n) > 3 && strings.Contains(m, n) || len(m) > 3 && strings.Contains(n, m) {
			return true
		}
	}
	return false
}

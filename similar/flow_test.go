package similar_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/similar"
)

func split(s string) []string { return strings.Fields(s) }

// flow reads the techniques of an attack flow, in the order of its file.
func flow(t *testing.T, path string) (out []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	var loose struct {
		Objects []struct {
			ID         string          `json:"id"`
			Properties json.RawMessage `json:"properties"`
		} `json:"objects"`
	}
	if err := json.NewDecoder(r).Decode(&loose); err != nil {
		t.Fatal(err)
	}
	for _, o := range loose.Objects {
		if o.ID != "action" {
			continue
		}
		var props [][]any
		if err := json.Unmarshal(o.Properties, &props); err != nil {
			continue
		}
		for _, p := range props {
			if len(p) != 2 || p[0] != "ttp" {
				continue
			}
			pairs, _ := p[1].([]any)
			for _, kv := range pairs {
				if kv, _ := kv.([]any); len(kv) == 2 && kv[0] == "technique" {
					if id, _ := kv[1].(string); id != "" {
						out = append(out, id)
					}
				}
			}
		}
	}
	return out
}

// TestAttackFlow drops, shuffles and blurs the techniques of real incidents: each is
// still most like itself, among the others and all campaigns and groups of ATT&CK.
func TestAttackFlow(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(realdata.Path(t, "attack-flow"), "*.afb*"))
	if err != nil || len(files) != 22 {
		t.Fatalf("%d flows, %v", len(files), err)
	}
	cat, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	l := similar.New()
	for e := range cat.Entities() {
		if k := e.AttackID.Kind(); k != attack.Campaign && k != attack.Group {
			continue
		}
		c := similar.Case{ID: string(e.AttackID)}
		for _, u := range cat.Uses(e.AttackID) {
			c.Steps = append(c.Steps, techniques(string(u.AttackID))...)
		}
		l.Put(c)
	}
	flows := map[string][]string{}
	for _, f := range files {
		name, _, _ := strings.Cut(filepath.Base(f), ".afb")
		flows[name] = flow(t, f)
		l.Put(similar.Case{ID: name, Ordered: true, Steps: techniques(flows[name]...)})
	}
	for _, c := range []struct {
		what     string
		keep     float64
		shuffle  bool
		blur     bool // sub-techniques are only known as their techniques
		min, top float64
	}{
		{"half of the steps", .5, false, false, .97, .99},
		{"a third of the steps", .34, false, false, .85, .95},
		{"all steps in any order", 1, true, false, .99, .99},
		{"half of the steps in any order", .5, true, false, .95, .98},
		{"half of the steps, blurred", .5, false, true, .55, .75},
	} {
		r := rand.New(rand.NewPCG(7, 8))
		n, first, top := 0, 0, 0
		for name, steps := range flows {
			for range 20 {
				var some []string
				for _, s := range steps {
					if r.Float64() < c.keep {
						if c.blur {
							s, _, _ = strings.Cut(s, ".")
						}
						some = append(some, s)
					}
				}
				if len(some) < 3 {
					continue
				}
				if c.shuffle {
					r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
				}
				n++
				for i, m := range l.Nearest(similar.Case{ID: "query", Ordered: true, Steps: techniques(some...)}, 5) {
					if m.ID == name {
						top++
						if i == 0 {
							first++
						}
					}
				}
			}
		}
		a, b := float64(first)/float64(n), float64(top)/float64(n)
		t.Logf("%s: first %.3f, among five %.3f of %d", c.what, a, b, n)
		if a < c.min || b < c.top {
			t.Errorf("%s: %s", c.what, fmt.Sprintf("first %.3f, among five %.3f", a, b))
		}
	}
}

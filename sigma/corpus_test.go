package sigma_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/sigma"
)

// readRules reads every rule below the given folders of the shared data.
func readRules(t testing.TB, folder ...string) []sigma.Rule {
	t.Helper()
	root := realdata.Path(t, append([]string{"sigma"}, folder...)...)
	var rules []sigma.Rule
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yml") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c, err := sigma.Parse(path, data)
		if err != nil {
			t.Error(err)
		}
		rules = append(rules, c.Rules...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestPublicRules(t *testing.T) {
	rules := readRules(t)
	if len(rules) != 3780 {
		t.Errorf("%d rules, want 3780", len(rules))
	}
	ids := map[string]bool{}
	for _, r := range rules {
		if r.ID == "" || ids[r.ID] || r.Title == "" || r.Author == "" || r.Level == "" || len(r.Detection.Conditions) == 0 {
			t.Errorf("%s: %+v", r.File, r)
		}
		ids[r.ID] = true
	}
}

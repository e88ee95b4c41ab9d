package vedette_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/vedette-soc/vedette"

// layer is one row of the table in ARCHITECTURE.md. A package belongs to the
// first layer one of whose patterns it matches.
type layer struct {
	name     string
	packages []string // path.Match patterns, relative to the module root
	may      []string // layers it may import
	deny     []string // foreign packages it may not import
}

var (
	pure = []string{"database/sql", "net", "net/http", "os", "os/exec", "log", "log/slog"}

	layers = []layer{
		{"command", []string{"cmd/*"}, []string{"wiring", "content", "foundation", "vocabulary", "engine"}, nil},
		{"wiring", []string{"internal/app", "internal/app/*"}, []string{"face", "flow", "adapter", "capability", "content", "engine", "vocabulary", "foundation"}, nil},
		{"face", []string{"internal/web", "internal/web/*", "internal/api"}, []string{"flow", "capability", "content", "engine", "vocabulary", "foundation"}, []string{"database/sql"}},
		{"flow", []string{"internal/pipeline", "internal/pipeline/*"}, []string{"capability", "engine", "vocabulary", "foundation", "flow"}, []string{"database/sql", "net/http"}},
		{"adapter", []string{
			"internal/store", "internal/store/*", "internal/history/*", "internal/queue/*",
			"internal/receiver", "internal/receiver/*", "internal/source/*", "internal/responder/*", "internal/notify/*",
		}, []string{"capability", "engine", "vocabulary", "foundation"}, nil},
		{"capability", []string{
			"internal/org", "internal/collect", "internal/intel", "internal/brand", "internal/exposure",
			"internal/leak", "internal/telemetry", "internal/detect", "internal/alert", "internal/investigate", "internal/respond",
			"internal/hunt", "internal/report", "internal/academy", "internal/identity", "internal/audit",
		}, []string{"engine", "vocabulary", "foundation"}, []string{"database/sql", "net/http", "html/template"}},
		{"engine", []string{
			"match", "match/*", "sigma", "risk", "risk/*", "risk/triage/*", "similar", "lookalike", "landscape", "extract", "extract/*", "vuln", "credential", "format", "format/*",
		}, []string{"vocabulary"}, pure},
		{"vocabulary", []string{"indicator", "event", "attack", "stix", "misp", "ref"}, []string{"vocabulary"}, pure},
		{"foundation", []string{"internal/errs", "internal/supervise", "internal/fetch", "internal/sqldb", "internal/obs", "internal/config", "internal/mmap", "internal/realdata"}, []string{"foundation"}, nil},
		{"content", []string{"content", "content/*"}, []string{"vocabulary"}, []string{"database/sql", "net", "net/http"}},
		{"tool", []string{"tools/*"}, []string{"content", "engine", "vocabulary", "foundation"}, nil},
	}
)

func layerOf(pkg string) *layer {
	for i, l := range layers {
		for _, p := range l.packages {
			if ok, _ := path.Match(p, pkg); ok {
				return &layers[i]
			}
		}
	}
	return nil
}

// TestArchitecture walks every non-test Go file and holds its imports against
// the layer table, and every package against "exactly one package comment".
func TestArchitecture(t *testing.T) {
	comments := map[string]int{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || p == "bench" || // a module of its own, with what the product is compared with
			p != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(p))
		comments[pkg] += 0
		if f.Doc != nil {
			comments[pkg]++
		}
		from := layerOf(pkg)
		if from == nil {
			t.Errorf("%s: package %q is in no layer; give it a row in architecture_test.go and ARCHITECTURE.md", p, pkg)
			return nil
		}
		for _, spec := range f.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value)
			checkImport(t, p, pkg, from, imp)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, n := range comments {
		if n != 1 {
			t.Errorf("package %q has %d package comments, want exactly 1", pkg, n)
		}
	}
}

func checkImport(t *testing.T, file, pkg string, from *layer, imp string) {
	t.Helper()
	if slices.Contains(from.deny, imp) {
		t.Errorf("%s: the %s layer may not import %q", file, from.name, imp)
	}
	rel, ours := strings.CutPrefix(imp, module+"/")
	if !ours {
		return
	}
	to := layerOf(rel)
	switch {
	case to == nil:
		t.Errorf("%s: imports %q, which is in no layer", file, rel)
	case rel == path.Dir(pkg): // a package may import its own parent directory
	case slices.Contains(from.may, to.name):
	default:
		t.Errorf("%s: the %s layer may not import %q (%s)", file, from.name, rel, to.name)
	}
}

package indicator_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/realdata"
)

var update = flag.Bool("update", false, "write suffixes.bin for the list in golang.org/x/net")

// TestSuffixes compares suffixes.bin with the rules that golang.org/x/net tests
// itself with; -update writes the file, which is needed when that module is.
func TestSuffixes(t *testing.T) {
	want := indicator.SuffixFile(suffixRules(t))
	if *update {
		if err := os.WriteFile("suffixes.bin", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if indicator.Suffixes != want {
		t.Error("suffixes.bin is not of this version of golang.org/x/net: go test ./indicator -run TestSuffixes -update")
	}
}

// suffixRules reads the list as text, which golang.org/x/net has in its tests only.
func suffixRules(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/net").Output()
	if err != nil {
		realdata.Absent(t, "no source of golang.org/x/net: %v", err)
	}
	path := filepath.Join(strings.TrimSpace(string(dir)), "publicsuffix", "table_test.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	ast.Inspect(file.Scope.Lookup("rules").Decl.(ast.Node), func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			rule, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, rule)
		}
		return true
	})
	if len(rules) < 5000 {
		t.Fatalf("%d rules in %s", len(rules), path)
	}
	return rules
}

// TestIsPublicSuffix compares with the list itself: on every rule, on what is
// above and below it, and on names put together of its labels.
func TestIsPublicSuffix(t *testing.T) {
	var names []string
	r := rand.New(rand.NewPCG(3, 4))
	rules := suffixRules(t)
	for _, rule := range rules {
		bare := strings.TrimLeft(rule, "*.!")
		other := strings.TrimLeft(rules[r.IntN(len(rules))], "*.!")
		first, _, _ := strings.Cut(other, ".")
		names = append(names, bare, "x."+bare, "x.y."+bare, first+"."+bare, other+"."+bare, bare[strings.IndexByte(bare, '.')+1:])
	}
	for range 100_000 {
		names = append(names, fmt.Sprintf("%x-%x.%s", r.Uint32(), r.Uint32N(1<<8), strings.TrimLeft(rules[r.IntN(len(rules))], "*.!")))
	}
	suffixes, passed := 0, 0
	for _, name := range names {
		suffix, _ := publicsuffix.PublicSuffix(name)
		want := suffix == name
		if got := indicator.IsPublicSuffix(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if want {
			suffixes++
		} else if strings.IndexByte(name, '.') > 0 && indicator.MaySuffix(name) {
			passed++
		}
	}
	t.Logf("%d names, %d suffixes; of the others %d walked the list", len(names), suffixes, passed)
	if suffixes < len(rules) || passed > len(names)/20 {
		t.Error("want a suffix a rule, and few others that walk the list")
	}
}

func BenchmarkIsPublicSuffix(b *testing.B) {
	names := make([]string, 1<<12)
	for i := range names {
		names[i] = fmt.Sprintf("%x-evil.%s", i*7919, [...]string{"com", "co.uk", "ru", "org"}[i%4])
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			indicator.IsPublicSuffix(names[i&(1<<12-1)])
		}
	})
	b.Run("list", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			publicsuffix.PublicSuffix(names[i&(1<<12-1)])
		}
	})
}

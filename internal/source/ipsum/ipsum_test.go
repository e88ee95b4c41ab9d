package ipsum_test

import (
	"io"
	"testing"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/ipsum"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const list = "# IPsum Threat Intelligence Feed\n#\n203.0.113.1\t10\n203.0.113.2\t3\n203.0.113.3\t1\nbad\n"

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: ipsum.Parser{}, Name: "ipsum.txt", Good: list, Options: collect.Options{MinLevel: 2},
		Claims: 2, Drops: map[string]int{"below-min-level": 1, "malformed-line": 1}, Lines: true,
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, ipsum.Parser{}, collect.Options{}, list) }

func TestConfidence(t *testing.T) {
	for n, want := range map[int]int{-1: 0, 0: 0, 1: 30, 2: 51, 3: 66, 8: 94, 9: 95, 200: 95} {
		if got := ipsum.Confidence(n); got != want {
			t.Errorf("%d lists: %d, want %d", n, got, want)
		}
	}
}

func TestRealList(t *testing.T) {
	err := fetch.Walk(realdata.Path(t, "feeds", "ipsum.txt.gz"), fetch.Limits{}, func(name string, r io.Reader) error {
		var s sourcetest.Sink
		if err := (ipsum.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s); err != nil {
			return err
		}
		if len(s.Claims) != 120430 || len(s.Drops) != 0 {
			t.Errorf("%d addresses, want 120,430; drops %v", len(s.Claims), s.Drops)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

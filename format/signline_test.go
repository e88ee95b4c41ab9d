package format_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/format"
)

// TestLineSigns holds what lines are told by against trying every sign: of few and of
// very many formats, with texts of all lengths.
func TestLineSigns(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	word := func(most int) string {
		b := make([]byte, 1+rnd.IntN(most))
		for i := range b {
			b[i] = "abcdef: "[rnd.IntN(8)]
		}
		return string(b)
	}
	for _, count := range []int{1, 3, 40, 300, 2500} {
		var list []format.Format
		for i := range count {
			var signs []format.Sign
			for range 1 + rnd.IntN(3) {
				s := format.Sign{Score: 5 + rnd.IntN(90)}
				for range rnd.IntN(3) {
					s.Contains = append(s.Contains, word(9))
				}
				switch rnd.IntN(4) {
				case 0:
					s.Starts = []string{word(3), word(2)}
				case 1:
					s.First = word(3)
				case 2:
					s.Starts = []string{word(3), ""}
				}
				if len(s.Contains)+len(s.Starts) == 0 {
					s.Contains = []string{word(12)}
				}
				signs = append(signs, s)
			}
			list = append(list, format.Format{Name: fmt.Sprint("f", i), Signs: signs})
		}
		rec := format.NewRecogniser(list...)
		told := 0
		for range 3000 {
			line := "z" + word(60)
			if rnd.IntN(2) == 0 {
				line = line[1:]
			}
			want := bestByTrying(list, line)
			if got := rec.Recognise([]byte(line)); got != want {
				t.Fatalf("%d formats: %q is %s, want %s", count, line, got, want)
			}
			if want != "text" {
				told++
			}
		}
		if count > 3 && told < 100 {
			t.Errorf("%d formats: only %d lines were told: the test looks at too little", count, told)
		}
	}
}

// bestByTrying is the format of the sign with the highest score, of equal ones those with
// a beginning first, then the first.
func bestByTrying(list []format.Format, line string) string {
	best, score, free := "text", 0, true
	for _, f := range list {
		for _, s := range f.Signs {
			begins := len(s.Starts) == 0 && (s.First == "" || strings.IndexByte(s.First, line[0]) >= 0) ||
				slices.ContainsFunc(s.Starts, func(start string) bool { return start != "" && strings.HasPrefix(line, start) })
			anywhere := len(s.Starts)+len(s.First) == 0
			if !begins || slices.ContainsFunc(s.Contains, func(c string) bool { return !strings.Contains(line, c) }) {
				continue
			}
			if s.Score > score || s.Score == score && free && !anywhere {
				best, score, free = f.Name, s.Score, anywhere
			}
		}
	}
	return best
}

package sigma_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/sigma"
)

// foundInside compares what the index finds in a value with looking for each text.
func foundInside(t *testing.T, texts []string, value string) {
	t.Helper()
	found, any := sigma.FoundInside(texts, []byte(value))
	want := false
	for i, text := range texts {
		is := strings.Contains(value, text)
		if found[i] != is {
			t.Fatalf("%q in %q of %q: found %t", text, value, texts, found[i])
		}
		want = want || is && len(text) >= 4
	}
	if any != want {
		t.Fatalf("one of %q in %q: %t", texts, value, any)
	}
}

// Texts of few letters share their four bytes, overlap, and stand at both ends.
func TestTextsInside(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab."[r.IntN(3)]
		}
		return string(b)
	}
	for range 3000 {
		seen := map[string]bool{}
		var texts []string
		for range 1 + r.IntN(12) {
			if s := letters(1 + r.IntN(17)); !seen[s] {
				seen[s] = true
				texts = append(texts, s)
			}
		}
		value := letters(r.IntN(70))
		switch r.IntN(4) {
		case 0:
			value += texts[0]
		case 1:
			value = texts[0] + value
		case 2:
			value = texts[0][1:] + value + texts[0][:len(texts[0])-1]
		}
		foundInside(t, texts, value)
	}
}

func FuzzTextsInside(f *testing.F) {
	f.Add("powershell\n -nop \nhell -n", "c:\\powershell -nop")
	f.Add("aaaa\naaaaa\naaaaaaaaaaaa", "aaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, lines, value string) {
		seen := map[string]bool{}
		var texts []string
		for line := range strings.SplitSeq(lines, "\n") {
			if line != "" && !seen[line] && len(texts) < 50 {
				seen[line] = true
				texts = append(texts, line)
			}
		}
		if len(texts) > 0 {
			foundInside(t, texts, value)
		}
	})
}

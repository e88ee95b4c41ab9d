package match_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/match"
)

// kindsOf is the obvious reading of what a block says of a byte.
func kindsOf(c byte) (kinds string) {
	is := func(name, set string) {
		if strings.IndexByte(set, c) >= 0 {
			kinds += name + " "
		}
	}
	const letters, digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	is("token", letters+digits+"-_.")
	is("dot", ".")
	is("colon", ":")
	is("digit", digits)
	is("hex", digits+"abcdefABCDEF")
	is("hyphen", "-")
	is("open", "[({")
	return kinds
}

// schemed is what may end a scheme, and a colon.
var schemed = regexp.MustCompile(`[g-zG-Z._-]:`)

// checkBlocks holds both ways to map a line against the obvious one.
func checkBlocks(t *testing.T, line []byte) {
	t.Helper()
	want := make([]string, len(line))
	for i, c := range line {
		want[i] = kindsOf(c)
	}
	foreign := bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x80 })
	for _, slow := range []bool{false, true} {
		got, has, more := match.Kinds(line, slow)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("slow %v: %q (-want +got):\n%s", slow, line, d)
		}
		wantHas := match.Traits{Foreign: foreign, Backslash: bytes.IndexByte(line, '\\') >= 0, Percent: bytes.IndexByte(line, '%') >= 0, Schemed: schemed.Match(line)}
		if has.Schemed && !wantHas.Schemed && len(line)%64 != 0 && len(line) > 64 && line[len(line)-64] == ':' {
			has.Schemed = false // the last block begins before the block before ends
		}
		if has != wantHas || more {
			t.Fatalf("slow %v: %q: %+v, want %+v, bits behind the end %v", slow, line, has, wantHas, more)
		}
	}
}

func TestBlocks(t *testing.T) {
	var every []byte
	for c := range 256 {
		every = append(every, byte(c), byte(c), byte(255-c))
	}
	for from := range 70 { // at every place of a block
		checkBlocks(t, every[from:])
	}
	r := rand.New(rand.NewPCG(1, 1))
	const some = `aAfFgGzZ09.-_:[({\/@%` + "`{|^\x00\x7f\x80\xff"
	for range 3000 {
		line := make([]byte, r.IntN(300))
		for i := range line {
			line[i] = some[r.IntN(len(some))]
		}
		checkBlocks(t, line)
		checkBlocks(t, bytes.Map(func(c rune) rune { return c & 0x7f }, line))
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte(`{"src_ip":"10.0.0.1","x":[1]}`))
	f.Fuzz(func(t *testing.T, line []byte) { checkBlocks(t, line) })
}

// TestMarked compares with a look at every byte.
func TestMarked(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 3000 {
		set := [2]uint64{r.Uint64() & r.Uint64(), r.Uint64() & r.Uint64()}
		line := make([]byte, r.IntN(300))
		for i := range line {
			line[i] = byte(r.IntN(256))
		}
		want := make([]uint64, (len(line)+63)/64)
		for i, c := range line {
			if c < 0x80 && set[c/64]>>(c%64)&1 != 0 {
				want[i/64] |= 1 << (i % 64)
			}
		}
		for _, slow := range []bool{false, true} {
			if d := cmp.Diff(want, match.Marked(line, set, slow)); d != "" {
				t.Fatalf("slow %v: %x in %q (-want +got):\n%s", slow, set, line, d)
			}
		}
	}
}

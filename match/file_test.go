package match_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

func saved(t testing.TB, x *match.Index) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := x.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d bytes: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

// TestFile: what is opened answers as what was written.
func TestFile(t *testing.T) {
	set := mixed(30_000, 3)
	var b match.Builder
	b.Note = []byte("as of today")
	for i, v := range set {
		if err := b.Add(v.Type, v.Value, uint64(i)<<20|7); err != nil {
			t.Fatal(err)
		}
	}
	built := b.Build()
	file := saved(t, built)
	opened, err := match.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Verify(); err != nil {
		t.Error(err)
	}
	if string(opened.Note()) != "as of today" || opened.Len() != built.Len() || opened.Duplicates() != built.Duplicates() || opened.Size() != built.Size() {
		t.Errorf("note %q, %d indicators, %d duplicates, %d bytes", opened.Note(), opened.Len(), opened.Duplicates(), opened.Size())
	}
	for _, v := range slices.Concat(set, mixed(10_000, 4)) {
		want, got := built.Lookup(v.Type, v.Value, nil), opened.Lookup(v.Type, v.Value, nil)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%v (-built +opened):\n%s", v, d)
		}
	}
	for _, typ := range indicator.Types {
		if built.Has(typ) != opened.Has(typ) {
			t.Errorf("Has(%s) differs", typ)
		}
	}
	if !bytes.Equal(saved(t, opened), file) {
		t.Error("an opened index is written differently")
	}
}

func TestFileEmpty(t *testing.T) {
	x, err := match.Open(saved(t, new(match.Builder).Build()))
	if err != nil {
		t.Fatal(err)
	}
	if hits := x.Lookup(indicator.IPv4, "1.2.3.4", nil); hits != nil || x.Len() != 0 {
		t.Errorf("an empty index has %v", hits)
	}
}

func TestFileDamage(t *testing.T) {
	file := saved(t, build(t, known))
	patched := func(at int, b byte) []byte {
		f := bytes.Clone(file)
		f[at] ^= b
		return f
	}
	for name, tt := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":     {nil, match.ErrForeign},
		"text":        {bytes.Repeat([]byte("hello "), 200), match.ErrForeign},
		"version":     {patched(8, 0x40), match.ErrVersion},
		"head":        {patched(100, 1), match.ErrDamaged},
		"truncated":   {file[:len(file)-1], match.ErrDamaged},
		"longer":      {append(bytes.Clone(file), 0), match.ErrDamaged},
		"half":        {file[:len(file)/2], match.ErrDamaged},
		"only a head": {file[:512], match.ErrDamaged},
	} {
		if _, err := match.Open(tt.file); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	missed := 0
	for at := 512; at < len(file); at++ {
		x, err := match.Open(patched(at, 1))
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		if x.Verify() == nil {
			missed++ // the zeros between the parts
		}
	}
	if missed > 6*64 {
		t.Errorf("%d damaged bytes were not noticed", missed)
	}
}

// TestFileHostile: offsets that lead nowhere do no harm, and a table without a free slot ends a look-up all the same.
func TestFileHostile(t *testing.T) {
	file := saved(t, build(t, known))
	for at := 512; at+8 <= len(file); at += 8 {
		for _, v := range []uint64{0, 1, 1<<32 - 1, 1<<64 - 1, 0xffff_ffff_0000_0001} {
			f := bytes.Clone(file)
			binary.LittleEndian.PutUint64(f[at:], v)
			askAll(t, f)
		}
	}
	f := bytes.Clone(file)
	for i := 512; i < len(f); i++ {
		f[i] = 0xff
	}
	askAll(t, f)
}

// askAll opens a file and asks it everything known.
func askAll(t *testing.T, file []byte) {
	x, err := match.Open(file)
	if err != nil {
		return
	}
	var hits []match.Hit
	for _, raw := range known {
		typ, v, err := indicator.Detect(raw)
		if err != nil {
			t.Fatal(err)
		}
		hits = x.Lookup(typ, v, hits[:0])
	}
}

func FuzzOpen(f *testing.F) {
	file := saved(f, build(f, known))
	f.Add(file)
	f.Add(saved(f, new(match.Builder).Build()))
	f.Add(file[:600])
	f.Fuzz(func(t *testing.T, data []byte) {
		askAll(t, match.Sealed(data))
	})
}

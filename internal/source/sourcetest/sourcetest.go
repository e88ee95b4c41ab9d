// Package sourcetest is the conformance suite of source parsers: [Run] holds a
// collect.Parser against what every one of them promises about hostile input and
// about accounting, [Fuzz] throws anything at it, [Sink] collects what it finds.
package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/stix"
)

// Sink keeps everything a parser passes to it.
type Sink struct {
	Claims  []indicator.Claim
	Objects []stix.Object
	Drops   map[string]int
	Samples map[string]string // the first sample of each drop reason
	Err     error             // returned from Claim and Object when set
}

// Claim implements collect.Sink.
func (s *Sink) Claim(c indicator.Claim) error {
	s.Claims = append(s.Claims, c)
	return s.Err
}

// Object implements collect.Sink.
func (s *Sink) Object(o stix.Object) error {
	s.Objects = append(s.Objects, o)
	return s.Err
}

// Drop implements collect.Sink.
func (s *Sink) Drop(reason string, _ int, sample string) {
	if s.Drops == nil {
		s.Drops, s.Samples = map[string]int{}, map[string]string{}
	}
	if s.Drops[reason]++; s.Drops[reason] == 1 {
		s.Samples[reason] = sample
	}
}

// Total returns the number of all claims, objects and drops.
func (s *Sink) Total() int {
	n := len(s.Claims) + len(s.Objects)
	for _, k := range s.Drops {
		n += k
	}
	return n
}

// Case is one parser with a good input and what must come of it.
type Case struct {
	Parser  collect.Parser
	Name    string // file name
	Options collect.Options
	Good    string
	Claims  int
	Objects int
	Drops   map[string]int
	// Wrong is input of another shape (for CSV: wrong columns), refused as a whole.
	Wrong string
	// Binary formats end at a NUL byte; line formats go on after it.
	Lines bool
}

func (c Case) parse(t testing.TB, r io.Reader, s *Sink) error {
	t.Helper()
	return c.Parser.Parse(context.Background(), collect.Input{Name: c.Name, Reader: r, Options: c.Options}, s)
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Run("good", c.good)
	t.Run("recognise", c.recognise)
	t.Run("small reads", c.smallReads)
	t.Run("sink error", c.sinkError)
	t.Run("cancelled", c.cancelled)
	t.Run("refused", c.refused)
	t.Run("truncated", c.truncated)
	t.Run("reader fails", c.readerFails)
	if c.Lines {
		t.Run("hostile lines", c.hostileLines)
	}
}

func (c Case) good(t *testing.T) {
	var s Sink
	if err := c.parse(t, strings.NewReader(c.Good), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Claims) != c.Claims || len(s.Objects) != c.Objects {
		t.Errorf("got %d claims, %d objects, want %d, %d", len(s.Claims), len(s.Objects), c.Claims, c.Objects)
	}
	if diff := cmp.Diff(c.Drops, s.Drops); diff != "" {
		t.Errorf("drops: %s", diff)
	}
	for i, claim := range s.Claims {
		if claim.Raw == "" || claim.File != c.Name || claim.Line < 1 {
			t.Errorf("claim %d lacks value, file or line: %+v", i, claim)
		}
	}
}

func (c Case) recognise(t *testing.T) {
	head := c.Good[:min(len(c.Good), 4096)]
	if got := c.Parser.Recognise(c.Name, []byte(head)); got < 1 || got > 100 {
		t.Errorf("own input recognised with %d", got)
	}
	for _, other := range []string{"", "\x00\x01\x02\x03", "\x7fELF\x02"} {
		if got := c.Parser.Recognise("other.bin", []byte(other)); got != 0 {
			t.Errorf("%q recognised with %d", other, got)
		}
	}
}

// byteReader gives one byte at a time.
type byteReader struct{ r io.Reader }

func (b byteReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return b.r.Read(p[:1])
}

func (c Case) smallReads(t *testing.T) {
	var a, b Sink
	if err := c.parse(t, strings.NewReader(c.Good), &a); err != nil {
		t.Fatal(err)
	}
	if err := c.parse(t, byteReader{strings.NewReader("\xef\xbb\xbf" + c.Good)}, &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.Claims, b.Claims); diff != "" {
		t.Errorf("one byte at a time and with a byte order mark it reads differently: %s", diff)
	}
}

func (c Case) sinkError(t *testing.T) {
	stop := errors.New("stop")
	s := Sink{Err: stop}
	if err := c.parse(t, strings.NewReader(c.Good), &s); err != stop {
		t.Errorf("got %v, want the sink's own error", err)
	}
	if n := len(s.Claims) + len(s.Objects); n != 1 {
		t.Errorf("went on after the sink's error: %d entries", n)
	}
}

func (c Case) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.Parser.Parse(ctx, collect.Input{Name: c.Name, Reader: strings.NewReader(c.Good), Options: c.Options}, &Sink{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func (c Case) refused(t *testing.T) {
	inputs := map[string]string{"html": "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"}
	if c.Wrong != "" {
		inputs["wrong shape"] = c.Wrong
	}
	for what, in := range inputs {
		var s Sink
		err := c.parse(t, strings.NewReader(in), &s)
		if errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), c.Name) {
			t.Errorf("%s: got %v, want an errs.Invalid that names the file", what, err)
		}
		if len(s.Claims) != 0 {
			t.Errorf("%s: gave %d claims", what, len(s.Claims))
		}
	}
	var s Sink
	if err := c.parse(t, strings.NewReader(""), &s); err != nil || s.Total() != 0 {
		t.Errorf("empty input: %v, %d entries", err, s.Total())
	}
}

// truncated cuts the good input everywhere: nothing panics, nothing is invented,
// and the claims are the first ones of the whole, but for the last.
func (c Case) truncated(t *testing.T) {
	var whole Sink
	if err := c.parse(t, strings.NewReader(c.Good), &whole); err != nil {
		t.Fatal(err)
	}
	step := max(1, len(c.Good)/300)
	for cut := 1; cut < len(c.Good); cut += step {
		var s Sink
		err := c.parse(t, strings.NewReader(c.Good[:cut]), &s)
		if err != nil && errs.KindOf(err) != errs.Invalid {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		// A line cut short may still be something, so one more claim is no invention.
		if len(s.Claims) > len(whole.Claims)+1 || len(s.Objects) > len(whole.Objects) || s.Total() > whole.Total()+1 {
			t.Fatalf("cut at %d: %d claims, %d objects out of %d, %d", cut, len(s.Claims), len(s.Objects), len(whole.Claims), len(whole.Objects))
		}
		for i := range min(len(s.Claims)-1, len(whole.Claims)) {
			if s.Claims[i].Raw != whole.Claims[i].Raw {
				t.Fatalf("cut at %d: claim %d is %q, in the whole it is %q", cut, i, s.Claims[i].Raw, whole.Claims[i].Raw)
			}
		}
	}
}

func (c Case) readerFails(t *testing.T) {
	broken := errors.New("cable pulled")
	var s Sink
	err := c.parse(t, io.MultiReader(strings.NewReader(c.Good[:len(c.Good)/2]), failing{broken}), &s)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want it to wrap the reader's error", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (c Case) hostileLines(t *testing.T) {
	var plain Sink
	if err := c.parse(t, strings.NewReader(c.Good), &plain); err != nil {
		t.Fatal(err)
	}
	hostile := map[string]io.Reader{
		"line-too-long": io.LimitReader(endless('x'), 8<<20),
		"binary":        strings.NewReader("1.2.3.4\x00evil.example"),
		"not-utf-8":     strings.NewReader("caf\xe9.example"),
	}
	for reason, line := range hostile {
		var s Sink
		in := io.MultiReader(strings.NewReader(strings.TrimRight(c.Good, "\n")+"\n"), line, strings.NewReader("\n"))
		if err := c.parse(t, in, &s); err != nil {
			t.Errorf("%s: %v", reason, err)
		}
		if len(s.Claims) != len(plain.Claims) || s.Total() != plain.Total()+1 || len(s.Samples[reason]) > 1<<20 {
			t.Errorf("%s: %d claims (want %d), drops %v", reason, len(s.Claims), len(plain.Claims), s.Drops)
		}
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{byte(e)}, len(p)))
	return len(p), nil
}

// Fuzz feeds anything to the parser: it must neither panic, nor fail in another
// way than by an errs.Invalid, nor give a claim without a value.
func Fuzz(f *testing.F, p collect.Parser, o collect.Options, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Add("\xff\xfea\x00\n\x00")
	f.Fuzz(func(t *testing.T, s string) {
		var out Sink
		p.Recognise("feed", []byte(s))
		err := p.Parse(t.Context(), collect.Input{Name: "feed", Reader: strings.NewReader(s), Options: o, MaxBytes: 1 << 20}, &out)
		if err != nil && errs.KindOf(err) != errs.Invalid {
			t.Fatal(err)
		}
		for _, c := range out.Claims {
			if c.Raw == "" || c.Confidence < 0 || c.Confidence > 100 {
				t.Fatalf("claim %+v", c)
			}
		}
	})
}

package collect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/stix"
)

const (
	claimBatch   = 100_000
	objectBatch  = 10_000
	samplesKept  = 5 // per reason
	sampleLength = 200
	sniffBytes   = 4096
)

// intake is the Sink of one run: it canonicalises, counts, and hands over in
// batches. Without knowledge it only counts.
type intake struct {
	ctx       context.Context
	knowledge Knowledge // nil: a dry run
	guard     func(ctx context.Context, t indicator.Type, value string) string
	source    string
	run       string
	file      string

	report   indicator.LossReport
	objects  int
	samples  []Sample
	sampled  map[string]int
	claims   []indicator.Claim
	pending  []stix.Object
	spare    []indicator.Claim   // taken by turns with claims
	handing  chan handed         // of the batch being handed over; nil = none is
	rough    bool                // of a dry run: what is named twice may count twice
	seen     map[uint64]struct{} // of a dry run: values met, so that its counts are those of a real one
	progress func(read int)
}

// handed is how a batch was taken.
type handed struct {
	stored, merged int
	dropped        map[string]int
	err            error
}

// Claim implements Sink.
func (in *intake) Claim(c indicator.Claim) error {
	var err error
	raw := c.Raw
	if c.Type == "" {
		c.Type, c.Raw, err = indicator.Detect(raw)
	} else {
		c.Type, c.Raw, err = indicator.Identify(c.Type, raw)
	}
	if err != nil {
		in.Drop(indicator.Reason(err), c.Line, raw)
		return nil
	}
	if in.guard != nil {
		if why := in.guard(in.ctx, c.Type, c.Raw); why != "" {
			in.Drop("own-asset", c.Line, c.Raw+": "+why)
			return nil
		}
	}
	in.claims = append(in.claims, c)
	if len(in.claims) >= claimBatch {
		return in.flush()
	}
	return nil
}

// Object implements Sink.
func (in *intake) Object(o stix.Object) error {
	in.pending = append(in.pending, o)
	if len(in.pending) >= objectBatch {
		return in.flush()
	}
	return nil
}

// Drop implements Sink.
func (in *intake) Drop(reason string, line int, sample string) {
	in.report.Drop(reason)
	if in.sampled == nil {
		in.sampled = map[string]int{}
	}
	if in.sampled[reason]++; in.sampled[reason] <= samplesKept {
		in.samples = append(in.samples, Sample{Reason: reason, File: in.file, Line: line, Text: shorten(sample)})
	}
}

func shorten(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= sampleLength {
		return s
	}
	return string([]rune(s)[:sampleLength]) + "…"
}

// flush hands over what was gathered, once what was handed over before is taken.
func (in *intake) flush() error {
	for _, c := range in.claims {
		in.count(c.Type)
	}
	in.report.In += len(in.claims) + len(in.pending)
	in.objects += len(in.pending)
	if in.knowledge == nil {
		in.countDry()
		in.claims, in.pending = in.claims[:0], in.pending[:0]
	} else {
		if err := in.taken(); err != nil {
			return err
		}
		claims, objects, done := in.claims, in.pending, make(chan handed, 1)
		in.claims, in.pending, in.spare, in.handing = in.spare[:0], nil, claims, done
		go func() { done <- in.handOver(claims, objects) }()
	}
	if in.progress != nil {
		in.progress(in.report.In)
	}
	return in.ctx.Err()
}

// taken waits for what was handed over and counts it.
func (in *intake) taken() error {
	if in.handing == nil {
		return nil
	}
	h := <-in.handing
	in.handing = nil
	in.add(h.stored, h.merged, h.dropped)
	return h.err
}

func (in *intake) handOver(claims []indicator.Claim, objects []stix.Object) handed {
	var h handed
	if len(claims) > 0 {
		h.stored, h.merged, h.dropped, h.err = in.knowledge.Merge(in.ctx, in.source, in.run, claims)
	}
	if len(objects) == 0 || h.err != nil {
		return h
	}
	stored, merged, dropped, err := in.knowledge.Objects(in.ctx, in.source, objects)
	h.stored, h.merged, h.err = h.stored+stored, h.merged+merged, err
	for reason, n := range dropped {
		if h.dropped == nil {
			h.dropped = map[string]int{}
		}
		h.dropped[reason] += n
	}
	return h
}

func (in *intake) add(stored, merged int, dropped map[string]int) {
	in.report.Stored += stored
	in.report.Merged += merged
	for reason, n := range dropped {
		if in.report.Dropped == nil {
			in.report.Dropped = map[string]int{}
		}
		in.report.Dropped[reason] += n
	}
}

// countDry counts what a real run would store or merge into an empty store.
func (in *intake) countDry() {
	if in.rough {
		in.report.Stored += len(in.claims) + len(in.pending)
		return
	}
	if in.seen == nil {
		in.seen = map[uint64]struct{}{}
	}
	for _, c := range in.claims {
		k := hash(string(c.Type) + "\x00" + c.Raw)
		if _, again := in.seen[k]; again {
			in.report.Merged++
		} else {
			in.seen[k] = struct{}{}
			in.report.Stored++
		}
	}
	in.report.Stored += len(in.pending)
}

func (in *intake) count(t indicator.Type) {
	if in.report.Types == nil {
		in.report.Types = map[indicator.Type]int{}
	}
	in.report.Types[t]++
}

// usable is how many entries were not dropped.
func (in *intake) usable() int { return in.report.Stored + in.report.Merged }

// readAll parses every file that walk finds with the parser that fits.
func (in *intake) readAll(walk func(fn func(name string, r io.Reader) error) error, parsers []Parser, kind string, opts Options) error {
	var problems []error
	files := 0
	err := walk(func(name string, r io.Reader) error {
		files++
		in.file = name
		err := in.readOne(name, r, parsers, kind, opts)
		var invalid *errs.Error
		if errors.As(err, &invalid) && invalid.Kind == errs.Invalid {
			// One bad file of many must not cost the others.
			problems = append(problems, err)
			in.Drop("unreadable-file", 0, invalid.Error())
			return nil
		}
		return err
	})
	if err == nil {
		err = in.flush()
	}
	if last := in.taken(); err == nil {
		err = last
	}
	if err == nil && len(problems) == files && files > 0 {
		return problems[0]
	}
	return err
}

func (in *intake) readOne(name string, r io.Reader, parsers []Parser, kind string, opts Options) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if len(head) == 0 {
		return nil
	}
	p, err := choose(parsers, kind, name, head)
	if err != nil {
		return err
	}
	return p.Parse(in.ctx, Input{Name: name, Reader: br, Options: opts}, in)
}

// choose returns the parser of kind, or the one most sure of itself.
func choose(parsers []Parser, kind, name string, head []byte) (Parser, error) {
	var best Parser
	sure := 0
	for _, p := range parsers {
		if kind != "" {
			if p.Kind() == kind {
				return p, nil
			}
			continue
		}
		if n := p.Recognise(name, head); n > sure {
			best, sure = p, n
		}
	}
	if best == nil {
		if kind != "" {
			return nil, errs.New(errs.Invalid, "feed_kind_unknown", "There is no feed kind %q.", kind)
		}
		return nil, errs.New(errs.Invalid, "feed_unrecognised", "%s: this is no format that Vedette can read; say which with the feed's kind.", name)
	}
	return best, nil
}

// walkPath reads a file, a directory or an archive.
func walkPath(path string) func(fn func(string, io.Reader) error) error {
	return func(fn func(string, io.Reader) error) error { return fetch.Walk(path, fetch.Limits{}, fn) }
}

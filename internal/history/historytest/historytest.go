// Package historytest is the conformance suite of event histories: [Run] holds a
// telemetry.History against what all of them promise, with [Memory] as the
// reference for everything that can be looked up.
package historytest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Open opens the history kept under dir; an earlier one of the same dir has been
// closed. To be worth the name, its limits should make segments, or whatever the
// engine has, of some 100 records.
type Open func(t testing.TB, dir string) telemetry.History

// Run runs the suite.
func Run(t *testing.T, open Open) {
	h := open(t, t.TempDir())
	stats, err := h.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, h.Close())
	t.Logf("history engine: %s", stats.Engine)
	t.Run("empty", func(t *testing.T) { empty(t, open) })
	t.Run("faithful", func(t *testing.T) { faithful(t, open) })
	t.Run("concurrent", func(t *testing.T) { concurrent(t, open) })
	t.Run("reference", func(t *testing.T) { reference(t, open) })
	t.Run("order of notes", func(t *testing.T) { order(t, open) })
	t.Run("retain", func(t *testing.T) { retain(t, open) })
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Records makes n records that differ in everything; the same seed makes the same.
func Records(seed uint64, n int) []telemetry.Record {
	rnd := rand.New(rand.NewPCG(seed, 1))
	out := make([]telemetry.Record, n)
	for i := range out {
		r := telemetry.Record{
			Received: start.Add(time.Duration(i) * time.Second).Add(time.Duration(rnd.IntN(1e6)) * time.Microsecond),
			Source:   fmt.Sprintf("http/sender-%d", rnd.IntN(3)),
			Raw:      fmt.Appendf(nil, `{"seed":%d,"n":%d,"text":%q}`, seed, i, strings.Repeat("x", rnd.IntN(200))),
		}
		switch rnd.IntN(4) {
		case 0:
			r.Format, r.Context = "zeek", fmt.Appendf(nil, "#fields\t%d", rnd.IntN(2))
		case 1:
			r.Format, r.Raw = "text", []byte("\x00\xff\r binary \xc3")
		case 2:
			r.Raw, r.Context = []byte{}, []byte{}
		}
		out[i] = r
	}
	return out
}

func empty(t *testing.T, open Open) {
	h := open(t, t.TempDir())
	got, err := h.Read(t.Context(), 1, 10)
	check(t, err)
	found, err := h.Find(t.Context(), 7, 10)
	check(t, err)
	stats, err := h.Stats(t.Context())
	check(t, err)
	if len(got) > 0 || found.Count > 0 || stats.Records != 0 || stats.Last != 0 || h.Noted() != 0 {
		t.Errorf("an empty history has %d records, %d found, %+v, noted %d", len(got), found.Count, stats, h.Noted())
	}
	check(t, h.Close())
}

// faithful: what goes in comes out, in any slice, also after it was reopened.
func faithful(t *testing.T, open Open) {
	dir, want := t.TempDir(), new(Memory)
	h := open(t, dir)
	for i, n := range []int{1, 2, 130, 7, 500, 1} {
		records := Records(uint64(i), n)
		first, err := h.Append(t.Context(), records)
		check(t, err)
		wantFirst, _ := want.Append(t.Context(), records)
		if first != wantFirst {
			t.Errorf("append %d begins at %d, want %d", i, first, wantFirst)
		}
		same(t, h, want, 0, 10_000)
	}
	for range 2 {
		for _, from := range []telemetry.Seq{1, 2, 3, 100, 133, 134, 640, 641, 642, 1e9} {
			for _, limit := range []int{1, 3, 1000} {
				same(t, h, want, from, limit)
			}
		}
		check(t, h.Close())
		h = open(t, dir)
	}
	check(t, h.Close())
}

// same compares what both histories read. A history may answer in parts.
func same(t *testing.T, h telemetry.History, want *Memory, from telemetry.Seq, limit int) {
	t.Helper()
	w, _ := want.Read(t.Context(), from, limit)
	var got []telemetry.Stored
	for next := from; len(got) < limit; {
		part, err := h.Read(t.Context(), next, limit-len(got))
		check(t, err)
		if len(part) == 0 {
			break
		}
		got = append(got, part...)
		next = got[len(got)-1].Seq + 1
	}
	if reflect.DeepEqual(w, got) { // much faster than cmp.Diff
		return
	}
	if diff := cmp.Diff(w, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("read from %d, limit %d: -want +got\n%s", from, limit, diff)
	}
}

// concurrent: callers do not mix: each one's records are together and in order.
func concurrent(t *testing.T, open Open) {
	h := open(t, t.TempDir())
	const callers, rounds, batch = 8, 20, 5
	var wg sync.WaitGroup
	firsts := make([][]telemetry.Seq, callers)
	for c := range callers {
		wg.Go(func() {
			for i := range rounds {
				var records []telemetry.Record
				for k := range batch {
					records = append(records, telemetry.Record{Received: start, Raw: fmt.Appendf(nil, "%d/%d/%d", c, i, k)})
				}
				first, err := h.Append(t.Context(), records)
				if err != nil {
					t.Error(err)
				}
				firsts[c] = append(firsts[c], first)
			}
		})
	}
	wg.Wait()
	for c := range callers {
		for i, first := range firsts[c] {
			got, err := h.Read(t.Context(), first, batch)
			check(t, err)
			for k := range batch {
				if want := fmt.Sprintf("%d/%d/%d", c, i, k); k >= len(got) || string(got[k].Raw) != want {
					t.Fatalf("record %d is not %s", first+telemetry.Seq(k), want)
				}
			}
		}
	}
	stats, err := h.Stats(t.Context())
	check(t, err)
	if n := callers * rounds * batch; stats.Records != n || stats.First != 1 || stats.Last != telemetry.Seq(n) {
		t.Errorf("%+v, want %d records", stats, n)
	}
	check(t, h.Close())
}

// follower notes as the pipeline does.
type follower struct {
	noted telemetry.Seq
	keys  func(telemetry.Seq) []telemetry.Key
}

func (f *follower) catchUp(t *testing.T, h telemetry.History, limit int) {
	t.Helper()
	records, err := h.Read(t.Context(), f.noted+1, limit)
	check(t, err)
	for _, r := range records {
		check(t, h.Note(t.Context(), r.Seq, noteOf(r.Seq, f.keys(r.Seq))))
		f.noted = r.Seq
	}
}

// keysOf gives records few keys, some of them often and some of them twice.
func keysOf(seq telemetry.Seq) []telemetry.Key {
	rnd := rand.New(rand.NewPCG(uint64(seq), 2))
	var keys []telemetry.Key
	for range rnd.IntN(6) {
		keys = append(keys, spread(rnd.Uint64N(1+rnd.Uint64N(600))))
	}
	return keys
}

// Keys is a note of values that are found by their keys only.
func Keys(keys ...telemetry.Key) telemetry.Note {
	n := telemetry.Note{Time: start, Source: "test"}
	for _, k := range keys {
		n.Values = append(n.Values, telemetry.Value{Key: k})
	}
	return n
}

// noteOf makes values of keys: every third one is of no type, the others know
// their own key.
func noteOf(seq telemetry.Seq, keys []telemetry.Key) telemetry.Note {
	rnd := rand.New(rand.NewPCG(uint64(seq), 5))
	n := telemetry.Note{
		Time:   start.Add(time.Duration(seq)*time.Minute - time.Duration(rnd.IntN(72))*time.Hour).Truncate(time.Second),
		Source: fmt.Sprintf("http/sender-%d", rnd.IntN(3)),
	}
	for _, k := range keys {
		v := telemetry.Value{Key: k}
		if t := wordType(k); t != "" {
			v.Type, v.Text = t, fmt.Sprintf("word %x", uint64(k))
			v.Key = telemetry.KeyOf(v.Type, v.Text)
		}
		n.Values = append(n.Values, v)
	}
	return n
}

func wordType(k telemetry.Key) indicator.Type {
	return []indicator.Type{"", indicator.Domain, indicator.URL}[k%3]
}

func spread(n uint64) telemetry.Key { return telemetry.Key(n * 0x9e3779b97f4a7c15) }

// reference: random appends, notes and reopenings; whatever is asked, the answer
// is that of Memory.
func reference(t *testing.T, open Open) {
	dir, want := t.TempDir(), new(Memory)
	h := open(t, dir)
	rnd := rand.New(rand.NewPCG(3, 3))
	f := follower{keys: keysOf}
	for step := range 150 {
		switch rnd.IntN(8) {
		case 0, 1, 2, 3:
			records := Records(uint64(step), 1+rnd.IntN(80))
			_, err := h.Append(t.Context(), records)
			check(t, err)
			_, _ = want.Append(t.Context(), records)
		case 7:
			check(t, h.Close())
			h = open(t, dir)
			if h.Noted() > f.noted {
				t.Fatalf("noted %d, but only %d were", h.Noted(), f.noted)
			}
			again := f.noted
			for f.noted = h.Noted(); f.noted < again; {
				f.catchUp(t, h, int(again-f.noted))
			}
		default:
			f.catchUp(t, h, 1+rnd.IntN(120))
		}
		for s := want.Noted() + 1; s <= f.noted; s++ {
			check(t, want.Note(t.Context(), s, noteOf(s, keysOf(s))))
		}
		same(t, h, want, telemetry.Seq(1+rnd.IntN(3000)), 1+rnd.IntN(50))
		sameFound(t, h, want, keyIn(spread(rnd.Uint64N(1+rnd.Uint64N(700)))), rnd.IntN(12))
		sameSeen(t, h, want, keyIn(spread(rnd.Uint64N(1+rnd.Uint64N(700)))))
		sameSifted(t, h, want, rnd.IntN(50)+1)
	}
	for k := range uint64(700) {
		sameFound(t, h, want, keyIn(spread(k)), 1_000_000)
		sameSeen(t, h, want, keyIn(spread(k)))
	}
	check(t, h.Close())
}

func sameFound(t *testing.T, h telemetry.History, want *Memory, key telemetry.Key, limit int) {
	t.Helper()
	w, _ := want.Find(t.Context(), key, limit)
	got, err := h.Find(t.Context(), key, limit)
	check(t, err)
	if w.Count == got.Count && slices.Equal(w.Seqs, got.Seqs) {
		return
	}
	if diff := cmp.Diff(w, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("find %x, limit %d: -want +got\n%s", key, limit, diff)
	}
}

// keyIn is the key under which noteOf notes k.
func keyIn(k telemetry.Key) telemetry.Key {
	return noteOf(1, []telemetry.Key{k}).Values[0].Key
}

func sameSeen(t *testing.T, h telemetry.History, want *Memory, key telemetry.Key) {
	t.Helper()
	past, ok := h.(telemetry.Past)
	if !ok {
		return
	}
	w, _ := want.Seen(t.Context(), key)
	got, err := past.Seen(t.Context(), key)
	check(t, err)
	if diff := cmp.Diff(w, got); diff != "" {
		t.Fatalf("seen %x: -want +got\n%s", key, diff)
	}
}

// sameSifted picks every nth value.
func sameSifted(t *testing.T, h telemetry.History, want *Memory, nth int) {
	t.Helper()
	past, ok := h.(telemetry.Past)
	if !ok {
		return
	}
	pick := telemetry.Pick{
		Type:  func(t indicator.Type) bool { return nth%2 == 0 || t == indicator.URL },
		Value: func(t indicator.Type, v string) bool { return telemetry.KeyOf(t, v)%telemetry.Key(nth) == 0 },
		From:  telemetry.Seq(nth * 7),
		Until: telemetry.Seq(nth * 60 * (nth % 3)),
	}
	w, err := want.Sift(t.Context(), telemetry.Part{}, pick)
	check(t, err)
	parts, err := past.Parts(t.Context())
	check(t, err)
	var got telemetry.Sifted
	next := telemetry.Seq(1)
	for _, p := range parts {
		if p.First != next || p.End <= p.First {
			t.Fatalf("the part %+v begins elsewhere than at %d", p, next)
		}
		next = p.End
		s, err := past.Sift(t.Context(), p, pick)
		check(t, err)
		got.Seqs = append(got.Seqs, s.Seqs...)
		got.Missed += s.Missed
	}
	w.Values = 0 // the same value stands in several parts
	if diff := cmp.Diff(w, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("sift every %d. value: -want +got\n%s", nth, diff)
	}
}

// order: a record noted twice counts once.
func order(t *testing.T, open Open) {
	h := open(t, t.TempDir())
	_, err := h.Append(t.Context(), Records(1, 3))
	check(t, err)
	for _, seq := range []telemetry.Seq{1, 2, 1, 2, 3} {
		check(t, h.Note(t.Context(), seq, Keys(5, 5)))
	}
	got, err := h.Find(t.Context(), 5, 2)
	check(t, err)
	if diff := cmp.Diff(telemetry.Found{Seqs: []telemetry.Seq{3, 2}, Count: 3}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	check(t, h.Close())
}

// retain: what is noted may go, oldest first; what is not noted stays; numbers
// are never given twice.
func retain(t *testing.T, open Open) {
	ctx, dir := context.WithoutCancel(t.Context()), t.TempDir()
	h := open(t, dir)
	for i := range 40 {
		_, err := h.Append(ctx, Records(uint64(i), 25))
		check(t, err)
	}
	if n, err := h.Retain(ctx, 1, time.Nanosecond); n != 0 || err != nil {
		t.Errorf("%d records that were not noted were removed (%v)", n, err)
	}
	f := follower{keys: keysOf}
	f.catchUp(t, h, 1000)
	if n, err := h.Retain(ctx, 0, 0); n != 0 || err != nil {
		t.Errorf("%d records were removed without a limit (%v)", n, err)
	}
	n, err := h.Retain(ctx, 1, 0)
	check(t, err)
	check(t, h.Close())
	h = open(t, dir)
	stats, err := h.Stats(ctx)
	check(t, err)
	if n == 0 { // an engine that keeps everything
		check(t, h.Close())
		return
	}
	if stats.Records != 1000-n || stats.First != telemetry.Seq(n+1) || stats.Last != 1000 {
		t.Errorf("%d removed, left %+v", n, stats)
	}
	got, err := h.Read(ctx, 1, 1)
	check(t, err)
	if len(got) != 1 || got[0].Seq != stats.First {
		t.Errorf("reading from 1 gives %v, want record %d", got, stats.First)
	}
	first, err := h.Append(ctx, Records(0, 1))
	check(t, err)
	if first != 1001 {
		t.Errorf("the next record has number %d, want 1001", first)
	}
	check(t, h.Close())
}

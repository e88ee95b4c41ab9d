package pipeline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/ref"
)

// pick returns one of some words.
func pick[T any](rnd *rand.Rand, words ...T) T { return words[rnd.IntN(len(words))] }

var (
	pastHosts = []string{"evil.example", "cdn.evil.example", "A.B.Evil.example", "good.test", "www.good.test", "co.uk", "shop.co.uk"}
	pastAddrs = []string{"10.1.2.3", "10.1.9.9", "192.0.2.7", "203.0.113.200", "2001:db8::1", "2001:DB8:0:0::2"}
	pastPaths = []string{"/", "/a", "/a/b", "/a/b?x=1", "/ab", "/gate.php", "/gate.php?id=7"}
	pastHash  = []string{strings.Repeat("0123456789abcdef", 2), strings.Repeat("0123456789abcdef", 4), strings.Repeat("fe", 20)}
)

// pastRecord makes a record of a few fields; some hold several observables.
func pastRecord(rnd *rand.Rand, n int) telemetry.Record {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 7 * time.Minute)
	f := map[string]any{"@timestamp": at.Format(time.RFC3339), "event": map[string]any{"dataset": pick(rnd, "proof.dns", "proof.web", "proof.file"), "id": fmt.Sprint(n)}}
	if rnd.IntN(3) > 0 {
		f["source"] = map[string]any{"ip": pick(rnd, pastAddrs...), "port": 1000 + rnd.IntN(3000)}
	}
	if rnd.IntN(3) > 0 {
		f["destination"] = map[string]any{"ip": pick(rnd, pastAddrs...), "port": pick(rnd, 53, 80, 443), "domain": pick(rnd, pastHosts...)}
	}
	switch rnd.IntN(5) {
	case 0:
		f["dns"] = map[string]any{"question": map[string]any{"name": pick(rnd, pastHosts...)}}
	case 1:
		host := pick(rnd, append([]string{"10.1.2.3", "[2001:db8::1]", "evil.example:8080"}, pastHosts...)...)
		f["url"] = map[string]any{"full": pick(rnd, "http://", "https://", "HTTP://") + host + pick(rnd, pastPaths...)}
	case 2:
		f["file"] = map[string]any{"name": pick(rnd, "Dropper.exe", "note.txt"), "path": `C:\Temp\Dropper.exe`, "hash": map[string]any{"md5": pastHash[0], "sha256": strings.ToUpper(pastHash[1]), "sha1": pastHash[2]}}
	case 3:
		f["email"] = map[string]any{"from": map[string]any{"address": pick(rnd, "eve@evil.example", "Ada@good.test")}}
	case 4:
		f["user"] = map[string]any{"name": pick(rnd, `EXAMPLE\eve`, "eve", "ada")}
		f["process"] = map[string]any{"command_line": pick[any](rnd, `powershell -enc AAAA`, `C:\Windows\notepad.exe "x y"`, "curl http://evil.example/gate.php",
			`cmd /c echo "a" & whoami`, "caf\u00e9 --d\u00fcster", []string{"curl", "-s", "/gate.php"})}
	}
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return telemetry.Record{Received: at, Source: pick(rnd, "http/a", "http/b"), Format: "ecs", Raw: b}
}

// pastIndicator makes an indicator of any type.
func pastIndicator(rnd *rand.Rand) (indicator.Type, string) {
	for {
		raw := ""
		switch rnd.IntN(9) {
		case 0:
			raw = pick(rnd, pastAddrs...)
		case 1:
			raw = pick(rnd, "10.1.0.0/16", "203.0.113.128/25", "2001:db8::/48", "10.0.0.0/8")
		case 2:
			raw = pick(rnd, pastHosts...)
		case 3:
			raw = pick(rnd, "http://", "https://", "") + pick(rnd, pastHosts...) + pick(rnd, pastPaths...)
		case 4:
			raw = pick(rnd, pastHosts...) + pick(rnd, ":443", ":8080")
		case 5:
			raw = pick(rnd, "10.1.2.3:53", "192.0.2.7:443", "[2001:db8::1]:80")
		case 6:
			raw = pick(rnd, pastHash...)
		case 7:
			raw = pick(rnd, "eve@evil.example", "/gate.php", "Dropper.exe")
		case 8:
			v, err := indicator.Canonical(indicator.UserAccount, "eve")
			if err == nil {
				return indicator.UserAccount, v
			}
		}
		if t, v, err := indicator.Detect(raw); err == nil {
			return t, v
		}
	}
}

// past is a history of small segments, a part of which is not noted yet.
type past struct {
	history *segment.History
	decoder *pipeline.Decoder
	events  []event.Event // decoded, the first has number 1
}

func newPast(t *testing.T, rnd *rand.Rand, n int) past {
	t.Helper()
	h, err := segment.Open(t.TempDir(), segment.Limits{Records: 60, Age: 10_000 * time.Hour}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	p := past{history: h, decoder: pipeline.NewDecoder(format.NewRecogniser(suricata.Format(), ecs.Format()))}
	var all []telemetry.Record
	for i := range n {
		all = append(all, pastRecord(rnd, i))
	}
	if _, err := h.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	for from := telemetry.Seq(1); len(p.events) < n; {
		records, err := h.Read(t.Context(), from, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			ev, ok := p.decoder.Decode(r)
			if !ok {
				t.Fatalf("record %d is not read: %s", r.Seq, r.Raw)
			}
			p.events = append(p.events, ev)
			from = r.Seq + 1
		}
	}
	return p
}

// note notes the records up to a number.
func (p past) note(t *testing.T, until int) {
	t.Helper()
	for i := range until {
		n := telemetry.Note{Time: p.events[i].Time, Source: p.events[i].Origin.File}
		for _, o := range p.events[i].Observables {
			n.Values = append(n.Values, telemetry.Value{Key: telemetry.KeyOf(o.Type, o.Value), Type: o.Type, Text: o.Value})
		}
		if err := p.history.Note(t.Context(), telemetry.Seq(i+1), n); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBackwardsIsForwards holds random indicators of every type against random
// events, both ways: looking back finds what matching each event would, and no
// more.
func TestBackwardsIsForwards(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 11))
	found, types := 0, map[indicator.Type]bool{}
	for range 12 {
		p := newPast(t, rnd, 200+rnd.IntN(100))
		p.note(t, len(p.events))
		for range 15 {
			var lines bytes.Buffer
			var b match.Builder
			values := map[uint64]string{}
			for i := range 1 + rnd.IntN(6) {
				typ, v := pastIndicator(rnd)
				if b.Add(typ, v, uint64(i)) != nil {
					continue
				}
				values[uint64(i)] = string(typ) + " " + v
				if err := json.NewEncoder(&lines).Encode(pipeline.Hit{Type: typ, Value: v}); err != nil {
					t.Fatal(err)
				}
			}
			x := b.Build()
			want := map[string]int{}
			for i := range p.events {
				told := map[string]bool{} // an indicator counts once for a field
				for _, o := range p.events[i].Observables {
					for _, hit := range x.Lookup(o.Type, o.Value, nil) {
						place := o.Field + " " + values[hit.ID]
						if told[place] {
							continue
						}
						told[place] = true
						want[fmt.Sprintf("%d %s %s %s", i+1, o.Field, o.Value, values[hit.ID])] = 1
						types[o.Type] = true
					}
				}
			}
			r := &pipeline.Retro{History: p.history, Decoder: p.decoder, Matched: func() telemetry.Seq { return telemetry.Seq(len(p.events)) }}
			a, err := r.Against(ref.WithActor(t.Context(), ref.SystemActor), &lines, 1e6)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for _, m := range a.Matches {
				got[fmt.Sprintf("%s %s %s %s %s", m.Event.ID, m.Observable.Field, m.Observable.Value, m.Indicator.Type, m.Indicator.Value)] = 1
			}
			if a.Summary.Records != len(p.events) || a.Summary.Missed != 0 || a.Summary.Left != 0 {
				t.Errorf("summary: %+v of %d events", a.Summary, len(p.events))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("with %v: -forwards +backwards\n%s", values, diff)
			}
			found += len(got)
		}
	}
	if found < 1000 || len(types) < 8 {
		t.Errorf("only %d matches of %d types: the test lost its subject", found, len(types))
	}
}

// pastQuery makes a question.
func pastQuery(rnd *rand.Rand, depth int) string {
	if depth < 3 && rnd.IntN(3) == 0 {
		op := pick(rnd, " and ", " or ", " ")
		return "(" + pastQuery(rnd, depth+1) + op + pastQuery(rnd, depth+1) + ")"
	}
	if depth < 3 && rnd.IntN(8) == 0 {
		return "not " + pastQuery(rnd, depth+1)
	}
	mixed := func(s string) string {
		if rnd.IntN(2) == 0 {
			return strings.ToUpper(s)
		}
		return s
	}
	host, addr, path := pick(rnd, pastHosts...), pick(rnd, pastAddrs...), pick(rnd, pastPaths...)
	return pick(rnd,
		"source.ip:"+mixed(addr), "destination.ip:"+addr, "source.ip:10.1.0.0/16", "destination.ip:2001:db8::/32", "destination.domain:"+mixed(host),
		"dns.question.name:"+host, "dns.question.name:*."+host, "url.full:"+hunt.Quote("http://"+host+path), "url.full:*gate.php*", "destination.port:443",
		"destination.port >= 80", "source.port < 2000", "event.dataset:proof.dns", "user.name:eve", "user.name:*eve", "user.name:*", "file.name:dropper.exe",
		"file.hash.sha256:"+mixed(pastHash[1]), "email.from.address:"+mixed("eve@evil.example"), "source.ip in ("+addr+", 192.0.2.7)",
		"dns.question.name in ("+host+", good.test)", host, addr, "any:"+hunt.Quote(host), "any:*.example", "10.0.0.0/8", host+path, "powershell", `"`+mixed("notepad")+`"`,
		"raw:\"x*y\"", "@timestamp >= 2026-03-01T12:00:00Z", pastHash[0], "process.command_line:\"*-enc *\"", "eve@evil.example", "10.1.2.3:53",
	)
}

// TestHuntIsNaive puts random questions to the history and to each event: the
// answers are the same, whatever the short cuts.
func TestHuntIsNaive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(12, 12))
	matched, narrowed := 0, 0
	for range 12 {
		p := newPast(t, rnd, 200+rnd.IntN(100))
		p.note(t, rnd.IntN(len(p.events)+1))
		s := pipeline.Searcher{History: p.history, Decoder: p.decoder}
		for range 60 {
			text := pastQuery(rnd, 0)
			q, err := hunt.Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			ask := hunt.Ask{Query: q, Limit: 1000}
			if rnd.IntN(2) == 0 {
				ask.Since = p.events[rnd.IntN(len(p.events))].Time
			}
			if rnd.IntN(3) == 0 {
				ask.Until = p.events[rnd.IntN(len(p.events))].Time
			}
			var want, got []string
			for i := range p.events {
				ev := &p.events[i]
				if (ask.Since.IsZero() || !ev.Time.Before(ask.Since)) && (ask.Until.IsZero() || !ev.Time.After(ask.Until)) && q.Matches(ev) {
					want = append(want, fmt.Sprint(i+1))
				}
			}
			slices.Reverse(want)
			a, err := s.Search(t.Context(), ask, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Found {
				got = append(got, f.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" || a.Matched != len(want) || a.Missed != 0 {
				t.Fatalf("%s since %v until %v: %d matched, %d missed; -naive +history\n%s", text, ask.Since, ask.Until, a.Matched, a.Missed, diff)
			}
			matched += a.Matched
			if a.Read < a.Looked {
				narrowed++
			}
			ask.Limit = 1 + rnd.IntN(20)
			if a, err = s.Search(t.Context(), ask, nil); err != nil || a.Matched != len(want) || len(a.Found) != min(len(want), ask.Limit) || len(want) > 0 && a.Found[0].ID != want[0] {
				t.Fatalf("%s, limit %d: %d of %d found, %d matched (%v)", text, ask.Limit, len(a.Found), len(want), a.Matched, err)
			}
		}
	}
	if matched < 5000 || narrowed < 100 {
		t.Errorf("%d matched, %d questions took a short cut: the test lost its subject", matched, narrowed)
	}
}

package pipeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// learner is what a keeper learns.
type learner struct {
	mu      sync.Mutex
	extents []telemetry.Extent // guarded by mu
}

func (l *learner) Learn(extents []telemetry.Extent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extents = append(l.extents, extents...)
}

func (l *learner) Fetch(context.Context, []telemetry.Seq) ([]telemetry.Stored, error) {
	return nil, nil
}

// finding is what a matcher found in a lot: one detection.
func finding(t *testing.T, n telemetry.LotNumber) telemetry.LotFound {
	t.Helper()
	event := pipeline.EventRef(n.First())
	d := alert.Detection{
		ID: alert.DetectionID(event, "r", ""), Event: event, Time: time.Unix(1_760_000_000+int64(n), 0).UTC(), Summary: "x", Sensor: "proof",
		Entity: alert.Entity{Kind: "host", Name: "host"}, Reason: alert.Reason{Kind: alert.ByProduct, Key: "r", Title: "x"},
	}
	b, err := json.Marshal(map[string]any{"extent": telemetry.Extent{First: n.First(), Last: n.First(), Records: 1}, "found": []alert.Detection{d}})
	if err != nil {
		t.Fatal(err)
	}
	return telemetry.LotFound{Number: n, Matcher: fmt.Sprint("m", n%2), Records: 1, Data: b}
}

// TestGatherer: findings are taken in the order of their lots; one that is missing is
// waited for, then passed over, and taken when it comes; each counts once, also when
// the keeper ends in between.
func TestGatherer(t *testing.T) {
	s := openStore(t)
	learnt := &learner{}
	var g *pipeline.Gatherer
	keep := func() (stop func()) {
		g = &pipeline.Gatherer{
			Events: &pipeline.Events{
				History: new(historytest.Memory), Checkpoints: s.Checkpoints(), Alerts: alert.New(s.Alerts()), Org: org.New(s.Org()), Ready: closed(),
				Log: slog.New(slog.DiscardHandler),
			},
			Findings: s.Queue(), History: learnt, Begin: 10, Patient: 400 * time.Millisecond,
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		return func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	put := func(numbers ...telemetry.LotNumber) {
		t.Helper()
		for _, n := range numbers {
			if err := s.Queue().PutFound(t.Context(), []telemetry.LotFound{finding(t, n)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	counted := func(want int, place telemetry.LotNumber) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			totals, err := s.Alerts().Totals(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			at, err := s.Checkpoints().Checkpoint(t.Context(), pipeline.Consumer)
			if err != nil {
				t.Fatal(err)
			}
			if totals.Detections == want && at == place.Last() {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%d detections up to lot %d, want %d up to %d", totals.Detections, telemetry.LotOf(at), want, place)
			}
		}
	}
	stop := keep()
	put(11, 12, 14)
	counted(2, 12)
	put(13) // in time
	counted(4, 14)
	put(16, 17) // 15 is missing
	counted(4, 14)
	counted(6, 17)
	put(15, 16, 12)
	counted(7, 17)
	if diff := cmp.Diff(pipeline.GathererState{Taken: 7, Late: 1, Skipped: 1, By: map[string]int64{"m0": 3, "m1": 4}}, g.State()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	stop()
	put(18, 20, 12)
	stop = keep()
	counted(8, 18)
	put(19)
	counted(10, 20)
	stop()
	if len(learnt.extents) != 10 {
		t.Errorf("%d lots were learnt of, want 10", len(learnt.extents))
	}
}

// hand remembers what was said of a lot.
type hand struct {
	mu   sync.Mutex
	said []string // guarded by mu
}

func (h *hand) say(what string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, what)
	return nil
}

func (h *hand) Done(context.Context) error { return h.say("done") }
func (h *hand) Working() error             { return nil }
func (h *hand) Return()                    { _ = h.say("returned") }

func (h *hand) Bury(_ context.Context, why string) error { return h.say("buried: " + why) }

// pile is a queue of lots, and what else a matcher works with.
type pile struct {
	lots chan []telemetry.Lot

	mu       sync.Mutex
	away     int                         // guarded by mu: how often the store is still away
	kept     map[telemetry.LotNumber]int // guarded by mu
	again    int                         // guarded by mu
	found    []telemetry.LotFound        // guarded by mu
	attempts int
}

func (p *pile) TakeLots(ctx context.Context, _ int) ([]telemetry.Lot, error) {
	select {
	case l := <-p.lots:
		return l, nil
	case <-ctx.Done():
		return nil, nil
	}
}

func (p *pile) PutLots(_ context.Context, lots []telemetry.Noted) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away > 0 {
		p.away--
		return errs.New(errs.Unavailable, "away", "The store is away.")
	}
	for _, l := range lots {
		p.kept[l.Number] += len(l.Records)
		if l.Again() {
			p.again++
		}
	}
	return nil
}

func (p *pile) PutFound(_ context.Context, list []telemetry.LotFound) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = append(p.found, list...)
	return nil
}

func (p *pile) Found(context.Context, int) ([]telemetry.LotFound, error) { return nil, nil }

func (p *pile) Attempt(context.Context, telemetry.LotNumber) (int, error) { return p.attempts, nil }

// lookout runs a matcher on a pile until stop is called, with the rules of the texts.
func lookout(t *testing.T, p *pile, texts ...string) (w *pipeline.Lookout, stop func()) {
	t.Helper()
	s := openStore(t)
	profile := org.New(s.Org())
	if err := profile.Load(ref.WithActor(t.Context(), ref.SystemActor)); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	rules := rulesOf(t, s, profile, texts...)
	w = &pipeline.Lookout{
		Name: "m", Queue: p, Keeper: p, Findings: p, Decoder: ecsDecoder(), Matcher: pipeline.NewMatcher(nil, "", log),
		Rules: rules, Org: profile, Warnings: func() *misp.WarningSet { return new(misp.WarningSet) }, Ready: closed(), Alive: 20 * time.Millisecond, Log: log,
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- rules.Run(ctx) }()
	go func() { ended <- w.Run(ctx) }()
	return w, func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
}

func ecsDecoder() *pipeline.Decoder { return pipeline.NewDecoder(format.NewRecogniser(ecs.Format())) }

// rulesOf keeps the rules of the texts in s. They are for log source {product: p}.
func rulesOf(t *testing.T, s *store.Store, profile *org.Service, texts ...string) *pipeline.Rules {
	t.Helper()
	service := detect.New(detect.Config{Store: s.Rules(), Tuning: s.RuleTuning()})
	for i, text := range texts {
		_, err := service.Import(ref.WithActor(t.Context(), ref.SystemActor), detect.Pack{Name: fmt.Sprint("p", i)}, []detect.File{{Name: "r.yml", Data: []byte(text)}}, false)
		if err != nil {
			t.Fatal(err)
		}
	}
	pipes, err := sigma.ParsePipeline("p.yaml", []byte("name: p\nformat: ecs\nproduct: p\nfields: {'*': ['*']}\nsources: [{}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.NewRules(service, profile, pipes, slog.New(slog.DiscardHandler))
}

// guessing is a correlation, and the rule it stands on.
const guessing = `
title: Wrong password
id: 3b2f1c0e-0000-4000-8000-0000000000a1
name: wrong
logsource: {product: p}
detection: {s: {event.outcome: failure}, condition: s}
---
title: Guessing
id: 3b2f1c0e-0000-4000-8000-0000000000a2
level: high
correlation: {type: event_count, rules: [wrong], group-by: [user.name], timespan: 1h, condition: {gte: 2}}
`

// kept are records by their numbers.
type kept map[telemetry.Seq]telemetry.Record

func (kept) Learn([]telemetry.Extent) {}

func (k kept) Fetch(_ context.Context, seqs []telemetry.Seq) ([]telemetry.Stored, error) {
	var out []telemetry.Stored
	for _, s := range seqs {
		out = append(out, telemetry.Stored{Seq: s, Record: k[s]})
	}
	return out, nil
}

// TestGathererLooksAnew: matchers learn of a new correlation one after the other. What
// one did not mark because it did not know the correlation yet, the keeper looks at
// itself; what the others looked at with the same rules, it does not.
func TestGathererLooksAnew(t *testing.T) {
	s, records := openStore(t), kept{}
	lot := func(n telemetry.LotNumber, source string, users ...string) telemetry.Lot {
		l := telemetry.Lot{Number: n, Tries: 1, Hand: new(hand)}
		for i, u := range users {
			r := telemetry.Record{Received: time.Unix(1_760_000_000, 0), Source: source, Raw: fmt.Appendf(nil, `{"@timestamp":"2025-10-09T08:53:20Z","ecs":{"version":"8.0"},"event":{"outcome":"failure"},"user":{"name":%q}}`, u)}
			l.Records = append(l.Records, r)
			records[n.First()+telemetry.Seq(i)] = r
		}
		return l
	}
	look := func(rules []string, lots ...telemetry.Lot) {
		t.Helper()
		p := &pile{lots: make(chan []telemetry.Lot), kept: map[telemetry.LotNumber]int{}}
		w, stop := lookout(t, p, rules...)
		p.lots <- lots
		eventually(t, "the lots are not done", func() bool { return w.State().Lots == int64(len(lots)) })
		stop()
		if err := s.Queue().PutFound(t.Context(), p.found); err != nil {
			t.Fatal(err)
		}
	}
	imported := telemetry.ImportedFrom("old")
	look(nil, lot(11, "s", "ann", "bob", "ann"), lot(13, "s", "cid"), lot(15, imported, "dan", "dan"))
	look([]string{guessing}, lot(12, "s", "cid", "eve"), lot(14, "s", "eve"))

	profile := org.New(s.Org())
	rules := rulesOf(t, s, profile, guessing)
	if err := rules.Rebuild(ref.WithActor(t.Context(), ref.SystemActor)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- rules.Run(ctx) }()
	g := &pipeline.Gatherer{
		Events: &pipeline.Events{
			History: new(historytest.Memory), Checkpoints: s.Checkpoints(), Alerts: alert.New(s.Alerts()), Org: profile, Ready: closed(), Rules: rules, Decoder: ecsDecoder(),
			Log: slog.New(slog.DiscardHandler),
		},
		Findings: s.Queue(), History: records, Begin: 10, Patient: time.Minute,
	}
	go func() { ended <- g.Run(ctx) }()
	eventually(t, "the lots are not taken", func() bool { return g.State().Taken == 5 })
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n := g.State().Anew; n != 3 {
		t.Errorf("%d lots were looked at anew, want the three of the matcher without the correlation", n)
	}
	incidents, _, err := s.Alerts().Queue(t.Context(), alert.QueueQuery{State: alert.Open, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range incidents {
		found, err := s.Alerts().Detections(t.Context(), in.ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found {
			got = append(got, d.Summary)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"ann: Guessing: 2 within 0s, ann", "cid: Guessing: 2 within 0s, cid", "eve: Guessing: 2 within 0s, eve"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// eventually waits until fn is true.
func eventually(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !fn(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func lotOf(n telemetry.LotNumber, tries, records int) (telemetry.Lot, *hand) {
	h := new(hand)
	l := telemetry.Lot{Number: n, Tries: tries, Hand: h}
	for i := range records {
		l.Records = append(l.Records, telemetry.Record{Received: time.Unix(1_760_000_000, 0), Source: "s", Raw: fmt.Appendf(nil, `{"@timestamp":"2025-10-09T08:53:20Z","event":{"kind":"alert","module":"proof"},"rule":{"name":"r"},"host":{"name":"h%d"}}`, i)})
	}
	return l, h
}

// TestLookout: a lot is done only once all of it is durable, however long that takes.
func TestLookout(t *testing.T) {
	p := &pile{lots: make(chan []telemetry.Lot), kept: map[telemetry.LotNumber]int{}, away: 2}
	w, stop := lookout(t, p)
	one, oneHand := lotOf(5, 1, 3)
	two, twoHand := lotOf(6, 1, 40)
	p.lots <- []telemetry.Lot{one, two}
	eventually(t, "the lots are not done", func() bool { return w.State().Lots == 2 })
	stop()
	if diff := cmp.Diff([][]string{{"done"}, {"done"}}, [][]string{oneHand.said, twoHand.said}); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(map[telemetry.LotNumber]int{5: 3, 6: 40}, p.kept); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if p.again != 2 || w.State().Failures != 2 || w.State().Events != 43 || w.State().Problem != "" {
		t.Errorf("%d lots kept as such that came before, %+v", p.again, w.State())
	}
	var told struct {
		Extent telemetry.Extent
		Found  []alert.Detection
	}
	if err := json.Unmarshal(p.found[0].Data, &told); err != nil || len(told.Found) != 3 || told.Extent.First != 5*1024+1 || told.Extent.Records != 3 {
		t.Errorf("%s %v", p.found[0].Data, err)
	}
}

// TestLookoutBuries: what is no lot, or ended everybody who tried it, is kept apart, the
// keeper is told, and what came with it is done.
func TestLookoutBuries(t *testing.T) {
	p := &pile{lots: make(chan []telemetry.Lot), kept: map[telemetry.LotNumber]int{}, attempts: 11}
	w, stop := lookout(t, p)
	poison, poisonHand := lotOf(7, 14, 2)
	good, goodHand := lotOf(8, 1, 2)
	none, noneHand := lotOf(9, 1, 0)
	p.lots <- []telemetry.Lot{poison, good, none}
	eventually(t, "the lots are not buried", func() bool { return w.State().Buried == 2 })
	stop()
	if diff := cmp.Diff([][]string{{"buried: it was begun with 10 times, and never done"}, {"done"}, {"buried: it is no lot of events"}}, [][]string{poisonHand.said, goodHand.said, noneHand.said}); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(p.found) != 3 || !strings.Contains(string(p.found[1].Data), `"buried":"it was begun`) {
		t.Errorf("%d lots told of", len(p.found))
	}
}

// TestLookoutStops: what it has in hand when it stops goes to others at once.
func TestLookoutStops(t *testing.T) {
	p := &pile{lots: make(chan []telemetry.Lot), kept: map[telemetry.LotNumber]int{}, away: 1000}
	w, stop := lookout(t, p)
	l, h := lotOf(5, 1, 3)
	p.lots <- []telemetry.Lot{l}
	eventually(t, "the store is never away", func() bool { return w.State().Failures > 0 })
	if w.State().Problem != "The store is away." {
		t.Errorf("it says %q", w.State().Problem)
	}
	stop()
	if diff := cmp.Diff([]string{"returned"}, h.said); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestJoinSenders: a sender that two receivers know is one, and the keeper knows more.
func TestJoinSenders(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	got := pipeline.JoinSenders([]pipeline.Process{
		{Senders: []telemetry.Source{{Name: "a", Events: 3, Bytes: 30, First: early, Last: early, Silent: true, Refused: map[string]int64{"r": 1}}, {Name: "b", Events: 1}}},
		{Senders: []telemetry.Source{{Name: "a", Events: 4, Bytes: 40, First: late, Last: late, Refused: map[string]int64{"r": 2}}}},
	}, []telemetry.Source{{Name: "a", Formats: map[string]int64{"ecs": 7}, Lag: time.Second}, {Name: "old", Formats: map[string]int64{"text": 1}}})
	want := []telemetry.Source{
		{Name: "a", Events: 7, Bytes: 70, First: early, Last: late, Refused: map[string]int64{"r": 3}, Formats: map[string]int64{"ecs": 7}, Lag: time.Second},
		{Name: "b", Events: 1},
		{Name: "old", Formats: map[string]int64{"text": 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

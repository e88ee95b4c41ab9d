package demo_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/source/csv"
	"github.com/vedette-soc/vedette/internal/source/ipsum"
	mispfeed "github.com/vedette-soc/vedette/internal/source/misp"
	stixfeed "github.com/vedette-soc/vedette/internal/source/stix"
	"github.com/vedette-soc/vedette/internal/source/text"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// house is the product around the scenario, with everything read and matched.
type house struct {
	ctx     context.Context
	org     *org.Service
	intel   *intel.Service
	alerts  *alert.Service
	matcher *pipeline.Matcher
	set     *misp.WarningSet
	runs    map[string]collect.Run
	events  []demo.Event
}

var formats = format.NewRecogniser(suricata.Format(), zeek.Format(), windows.Format(), ecs.Format())

func build(t *testing.T, end time.Time) *house {
	t.Helper()
	h := &house{ctx: ref.WithActor(t.Context(), ref.SystemActor), runs: map[string]collect.Run{}, events: demo.Script(end)}
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	h.org, h.intel, h.alerts = org.New(st.Org()), intel.New(st.Intel(), st.Knowledge(), st.Ledger()), alert.New(st.Alerts())
	_, err = h.org.Import(h.ctx, demo.Profile())
	must(t, err)
	h.read(t, st, end)
	lists, err := content.WarningLists()
	must(t, err)
	h.set, _ = misp.Compile(lists)
	h.matcher = pipeline.NewMatcher(h.intel, "", slog.New(slog.DiscardHandler))
	must(t, h.matcher.Rebuild(h.ctx))
	h.replay(t, st)
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read imports the feeds as the operator would.
func (h *house) read(t *testing.T, st *store.Store, end time.Time) {
	t.Helper()
	c := collect.New(collect.Config{
		Store: st.Feeds(), Knowledge: pipeline.Knowledge{Intel: h.intel, Org: h.org}, Log: slog.New(slog.DiscardHandler),
		Parsers: []collect.Parser{stixfeed.Parser{}, mispfeed.Parser{}, ipsum.Parser{}, csv.Parser{}, text.Parser{}},
	})
	feeds, err := demo.Feeds(end)
	must(t, err)
	for _, f := range feeds {
		run, err := c.Import(h.ctx, collect.Order{
			Source: f.ID, Name: f.File, Reader: bytes.NewReader(f.Data), Kind: f.Kind,
			Options: collect.Options{Tags: f.Tags, Confidence: f.Confidence, TLP: indicator.ParseTLP(f.TLP), MinLevel: f.MinLevel},
		})
		must(t, err)
		h.runs[f.ID] = run
	}
}

// replay runs the events through the pipeline to their end.
func (h *house) replay(t *testing.T, st *store.Store) {
	t.Helper()
	m := new(historytest.Memory)
	var records []telemetry.Record
	for _, e := range h.events {
		records = append(records, telemetry.Record{Received: e.At, Source: e.Source, Format: e.Format, Raw: e.Raw})
	}
	_, err := m.Append(h.ctx, records)
	must(t, err)
	ready := make(chan struct{})
	close(ready)
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	w := &pipeline.Events{
		History: m, Checkpoints: st.Checkpoints(), Decoder: pipeline.NewDecoder(formats), Matcher: h.matcher, Org: h.org, Alerts: h.alerts,
		Warnings: func() *misp.WarningSet { return h.set }, Ready: ready, Log: slog.New(slog.DiscardHandler),
	}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for {
		seq, err := st.Checkpoints().Checkpoint(h.ctx, "match")
		must(t, err)
		if int(seq) == len(records) {
			break
		}
		select {
		case err := <-done:
			t.Fatalf("the worker ended: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	must(t, <-done)
}

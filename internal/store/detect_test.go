package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

const whoamiRule = `
title: Whoami
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a01
status: test
author: A. Author
level: medium
tags: [attack.discovery, attack.t1033]
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\whoami.exe'}
  condition: selection
`

const twoRules = `
title: Shadow copies deleted
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a02
level: high
license: CC0-1.0
logsource: {product: windows, category: process_creation}
detection:
  selection: {CommandLine|contains|all: [vssadmin, delete]}
  condition: selection
---
title: No id at all
level: low
status: deprecated
logsource: {product: linux}
detection:
  keywords: [segfault]
  condition: keywords
---
title: Many logons
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a03
level: low
correlation:
  type: event_count
  rules: [logon]
  group-by: [User]
  timespan: 5m
  condition: {gte: 10}
---
title: Logon
name: logon
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a04
level: low
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4624}
  condition: selection
`

const labsFilter = `
title: Labs
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a05
logsource: {product: windows, category: process_creation}
filter: {rules: any, lab: {User: lab}, condition: not lab}
`

const (
	labsID   = "5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a05"
	whoamiID = "5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a01"
	shadowID = "5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a02"
	manyID   = "5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a03"
	logonID  = "5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a04"
)

// past answers back-tests with what it was told to.
type past struct {
	result detect.Backtest
	err    error
	live   detect.Live
}

func (p *past) Try(_ context.Context, live detect.Live, b detect.Backtest, tell func(detect.Backtest)) (detect.Backtest, error) {
	p.live = live
	b.Progress = .5
	tell(b)
	b.Events, b.Matches, b.Excepted, b.Days = p.result.Events, p.result.Matches, p.result.Excepted, p.result.Days
	return b, p.err
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func newDetect(st *store.Store, p detect.Past) *detect.Service {
	return detect.New(detect.Config{Store: st.Rules(), Tuning: st.RuleTuning(), Past: p, Now: func() time.Time { return noon }})
}

func files(texts ...string) []detect.File {
	var out []detect.File
	for i, t := range texts {
		out = append(out, detect.File{Name: fmt.Sprintf("rules/%d.yml", i+1), Data: []byte(t)})
	}
	return out
}

func importPack(t *testing.T, s *detect.Service, name string, texts ...string) detect.Report {
	t.Helper()
	rep, err := s.Import(system(t), detect.Pack{Name: name, License: "DRL-1.1"}, files(texts...), false)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestPackIsRenewed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, ctx := newDetect(st, nil), system(t)
		rep := importPack(t, s, "own", whoamiRule, twoRules, "title: broken\nlogsource: {product: x}", whoamiRule)
		if rep.Rules != 4 || rep.Correlations != 1 || len(rep.Refused) != 2 || rep.Change.New != 5 {
			t.Fatalf("first import: %+v", rep)
		}
		if _, err := s.Switch(ctx, []string{whoamiID}, false, "noisy on the build servers"); err != nil {
			t.Fatal(err)
		}
		changed := strings.ReplaceAll(whoamiRule, "level: medium", "level: high")
		rep = importPack(t, s, "own", changed, strings.SplitN(twoRules, "---", 2)[0])
		if diff := cmp.Diff(detect.Change{Changed: 2, Gone: 3}, rep.Change); diff != "" {
			t.Errorf("second import: -want +got\n%s", diff)
		}
		rep = importPack(t, s, "other", whoamiRule)
		if rep.Change.Moved != 1 {
			t.Errorf("a rule of another pack: %+v", rep.Change)
		}
		r, text, err := s.Rule(ctx, whoamiID)
		if err != nil {
			t.Fatal(err)
		}
		if r.On || r.Level != "high" || r.Version != 2 || r.Pack != "own" || r.License != "DRL-1.1" || text != changed || r.SwitchWhy != "noisy on the build servers" {
			t.Errorf("rule after renewal: %+v", r)
		}
		vs, err := s.Versions(ctx, whoamiID)
		if err != nil || len(vs) != 2 || vs[0].Text != changed || vs[1].Text != whoamiRule {
			t.Errorf("versions: %v, %+v", err, vs)
		}
		packs, err := s.Packs(ctx)
		if err != nil || len(packs) != 2 || packs[1].Name != "own" || packs[1].Rules != 2 || packs[1].On != 1 {
			t.Errorf("packs: %v, %+v", err, packs)
		}
		rep = importPack(t, s, "own", changed, twoRules)
		if diff := cmp.Diff(detect.Change{New: 3, Changed: 1, Unchanged: 1}, rep.Change); diff != "" {
			t.Errorf("rules that come back: -want +got\n%s", diff)
		}
		if r, _, _ := s.Rule(ctx, logonID); r.Version != 2 {
			t.Errorf("a rule that comes back has version %d, want 2", r.Version)
		}
	})
}

func TestRulesAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, ctx := newDetect(st, nil), system(t)
		importPack(t, s, "own", whoamiRule, twoRules)
		for name, tt := range map[string]struct {
			q    detect.Query
			want []string
		}{
			"All":     {detect.Query{}, []string{"Logon", "Many logons", "No id at all", "Shadow copies deleted", "Whoami"}},
			"Page":    {detect.Query{Limit: 2, Offset: 1}, []string{"Many logons", "No id at all"}},
			"Text":    {detect.Query{Text: "WHO"}, []string{"Whoami"}},
			"Percent": {detect.Query{Text: "%"}, nil},
			"Level":   {detect.Query{Level: "high"}, []string{"Shadow copies deleted"}},
			"Tag":     {detect.Query{Tag: "attack.T1033"}, []string{"Whoami"}},
			"Product": {detect.Query{Product: "Linux"}, []string{"No id at all"}},
			"Off":     {detect.Query{State: "off"}, []string{"No id at all"}},
		} {
			found, _, err := s.Rules(ctx, tt.q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range found {
				got = append(got, r.Title)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: -want +got\n%s", name, diff)
			}
		}
	})
}

// titles of what runs; a silent rule in brackets.
func titles(l detect.Live) []string {
	var out []string
	for _, r := range l.Sigma.Rules {
		if r.Silent {
			out = append(out, "("+r.Title+")")
		} else {
			out = append(out, r.Title)
		}
	}
	for _, c := range l.Sigma.Correlations {
		out = append(out, c.Title)
	}
	return out
}

func TestWhatRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, ctx := newDetect(st, nil), system(t)
		importPack(t, s, "own", whoamiRule, twoRules)
		check := func(when string, want ...string) detect.Live {
			t.Helper()
			live, err := s.Running(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, titles(live)); diff != "" {
				t.Errorf("%s: -want +got\n%s", when, diff)
			}
			return live
		}
		check("at first", "Shadow copies deleted", "(Logon)", "Whoami", "Many logons") // a correlation makes its rules silent
		if _, err := s.Switch(ctx, []string{logonID}, false, "only for the correlation"); err != nil {
			t.Fatal(err)
		}
		check("a rule off that a correlation wants", "Shadow copies deleted", "(Logon)", "Whoami", "Many logons")
		creation := sigma.LogSource{Product: "windows", Category: "process_creation"}
		if err := s.SwitchSource(ctx, creation, false, "command lines are not logged yet"); err != nil {
			t.Fatal(err)
		}
		check("a log source off", "(Logon)", "Many logons")
		if err := s.SwitchSource(ctx, creation, true, "they are logged now"); err != nil {
			t.Fatal(err)
		}
		e, err := s.Except(ctx, whoamiID, "ParentImage|endswith: '\\agent.exe'", "the agent asks who it is", noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		live := check("with an exception", "Shadow copies deleted", "(Logon)", "Whoami", "Many logons")
		if len(live.Exceptions) != 1 || live.Exceptions[0].Match.ID != e.ID || live.Exceptions[0].Match.LogSource.Category != "process_creation" {
			t.Errorf("exceptions: %+v", live.Exceptions)
		}
		if err := s.Noted(ctx, nil, map[string]int{e.ID: 3}); err != nil {
			t.Fatal(err)
		}
		if err := s.EndException(ctx, e.ID, "the agent is gone"); err != nil {
			t.Fatal(err)
		}
		if live := check("without it", "Shadow copies deleted", "(Logon)", "Whoami", "Many logons"); len(live.Exceptions) != 0 {
			t.Errorf("an exception that was taken back still runs: %+v", live.Exceptions)
		}
		ex, err := s.Exceptions(ctx, whoamiID)
		if err != nil || len(ex) != 1 || ex[0].Hits != 3 || !ex[0].LastHit.Equal(noon) {
			t.Errorf("exceptions: %v, %+v", err, ex)
		}
	})
}

func TestRuleChangesAreRefused(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	s, ctx := newDetect(st, nil), system(t)
	importPack(t, s, "own", whoamiRule, twoRules, labsFilter)
	viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Viewer})
	tomorrow := noon.Add(24 * time.Hour)
	for name, tt := range map[string]struct {
		err  error
		code string
	}{
		"Viewer":       {second(s.Switch(viewer, []string{whoamiID}, false, "because")), ""},
		"NoReason":     {second(s.Switch(ctx, []string{whoamiID}, false, " ")), "reason_missing"},
		"NoRule":       {second(s.Switch(ctx, []string{"x"}, false, "because")), "rule_unknown"},
		"Selection":    {second(s.Except(ctx, whoamiID, "- [", "because", tomorrow)), "exception_unreadable"},
		"Everything":   {second(s.Except(ctx, whoamiID, "{}", "because", tomorrow)), "exception_unreadable"},
		"Modifier":     {second(s.Except(ctx, whoamiID, "Image|nonsense: x", "because", tomorrow)), "exception_unreadable"},
		"Forever":      {second(s.Except(ctx, whoamiID, "Image: x", "because", noon.AddDate(3, 0, 0))), "expiry_invalid"},
		"Past":         {second(s.Except(ctx, whoamiID, "Image: x", "because", noon)), "expiry_invalid"},
		"NoSource":     {s.SwitchSource(ctx, sigma.LogSource{}, false, "because"), "logsource_missing"},
		"PackName":     {second(s.Import(ctx, detect.Pack{Name: "../x"}, files(whoamiRule), false)), "pack_name"},
		"EmptyPack":    {second(s.Import(ctx, detect.Pack{Name: "own"}, files("a: b"), false)), "pack_empty"},
		"Filter":       {second(s.Backtest(ctx, labsID, noon.Add(-time.Hour), noon)), "backtest_kind"},
		"Backwards":    {second(s.Backtest(ctx, whoamiID, noon, noon.Add(-time.Hour))), "backtest_span"},
		"NoException":  {s.EndException(ctx, "x", "because"), "exception_unknown"},
		"ViewerImport": {second(s.Import(viewer, detect.Pack{Name: "own"}, files(whoamiRule), false)), ""},
	} {
		var e *errs.Error
		var denied *ref.DeniedError
		switch {
		case tt.code == "" && !errors.As(tt.err, &denied):
			t.Errorf("%s: got %v, want a denial", name, tt.err)
		case tt.code != "" && (!errors.As(tt.err, &e) || e.Code != tt.code):
			t.Errorf("%s: got %v, want %s", name, tt.err, tt.code)
		}
	}
	if live, err := s.Running(ctx); err != nil || len(live.Sigma.Rules) != 3 {
		t.Errorf("something changed: %v, %v", err, titles(live))
	}
}

func second[T any](_ T, err error) error { return err }

func TestBacktestRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := &past{result: detect.Backtest{Events: 1000, Matches: 21, Excepted: 1, Days: make([]detect.Day, 10)}}
		s, ctx := newDetect(st, p), system(t)
		importPack(t, s, "own", whoamiRule)
		if _, err := s.Except(ctx, whoamiID, "User: svc", "the scanner", noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		run, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		b, err := s.Backtest(ctx, whoamiID, noon.AddDate(0, 0, -10), noon)
		if err != nil {
			t.Fatal(err)
		}
		go func() { ended <- s.Run(run) }()
		got := waitBacktest(t, s, b.ID)
		if got.State != detect.Done || got.PerDay() != 2 || got.Events != 1000 || cmp.Diff([]string{"Whoami"}, titles(p.live)) != "" || len(p.live.Exceptions) != 1 {
			t.Errorf("back-test: %+v", got)
		}
		// A correlation is tried with what it stands on, which is silent, alone or not.
		importPack(t, s, "more", labsFilter, twoRules)
		if b, err = s.Backtest(ctx, manyID, noon.AddDate(0, 0, -1), noon); err != nil {
			t.Fatal(err)
		}
		if got := waitBacktest(t, s, b.ID); got.State != detect.Done || cmp.Diff([]string{"(Logon)", "Many logons"}, titles(p.live)) != "" || len(p.live.Sigma.Filters) != 1 {
			t.Errorf("back-test of a correlation: %+v of %q", got, titles(p.live))
		}
		p.err = errors.New("the history is damaged")
		if b, err = s.Backtest(ctx, whoamiID, noon.AddDate(0, 0, -1), noon); err != nil {
			t.Fatal(err)
		}
		if got := waitBacktest(t, s, b.ID); got.State != detect.Failed || got.Problem != "the history is damaged" {
			t.Errorf("a run that fails: %+v", got)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func waitBacktest(t *testing.T, s *detect.Service, id string) detect.Backtest {
	t.Helper()
	for range 2000 {
		all, err := s.Backtests(system(t), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range all {
			if b.ID == id && (b.State == detect.Done || b.State == detect.Failed) {
				return b
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the back-test does not end")
	return detect.Backtest{}
}

func TestSeenSourcesAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, ctx := newDetect(st, nil), system(t)
		src := sigma.LogSource{Product: "windows", Service: "security"}
		for range 2 {
			if err := s.Noted(ctx, []detect.Seen{{Source: src, Day: "2026-11-20", Events: 5}, {Source: src, Day: "2026-11-19", Events: 1}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.SeenSince(ctx, "2026-11-20")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]detect.Seen{{Source: src, Day: "2026-11-20", Events: 10}}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

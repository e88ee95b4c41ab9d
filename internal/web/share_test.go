package web_test

import (
	"context"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/web"
)

// TestShare: where several processes share the work, Health says who they are and where
// events wait.
func TestShare(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.cfg.Share = func(context.Context) *pipeline.Share {
		return &pipeline.Share{
			Keeper: "soc1/keep-1", Since: time.Now(), Pending: 7, Handed: 3, Redelivered: 2, Dead: 1, Bytes: 3 << 20, MaxBytes: 8 << 30, Replicas: 3,
			Backlog: 4, Lag: 3 * time.Second, Gathered: pipeline.GathererState{Taken: 90, Late: 5},
			Processes: []pipeline.Process{
				{ID: "soc2/match-2", Role: "match", Told: time.Now(), Live: true, Match: &pipeline.LookoutState{Events: 4321, Again: 6, Problem: "ClickHouse does not answer"}, Index: 77},
				{ID: "<b>soc3", Role: "receive", Told: time.Now().Add(-time.Hour), Intake: &pipeline.Put{Events: 9876}},
			},
		}
	}
	h.handler = web.New(h.cfg)
	h.play(t, scenario{name: "health", user: "viewer", target: "/health", status: 200, has: []string{
		"Lots of events not matched yet", ">14<", "1 process silent", "soc1/keep-1", "7 lots", "3 copies", "2 not for the first time", "the oldest for 3s", "90 taken, 5 late",
		"soc2/match-2", "4321", "ClickHouse does not answer", "9876", "1 lot of events could be matched by nobody", "sync_interval", "&lt;b&gt;soc3",
	}, hasNot: []string{"<b>soc3"}})
}

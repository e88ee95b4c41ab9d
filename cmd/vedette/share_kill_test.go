package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// together starts a receiver, n matchers and a keeper, with the indicator in all of them.
func together(t testing.TB, h *house, n int) (receiver, keeper *server, matchers []*server, secret string) {
	t.Helper()
	keeper = h.start(t, "keep", "keeper")
	for i := range n {
		matchers = append(matchers, h.start(t, "match", fmt.Sprint("matcher", i)))
	}
	receiver = h.start(t, "receive", "receiver")
	plant(t, keeper, n)
	return receiver, keeper, matchers, token(t, keeper, "sender")
}

// TestShare: a receiver, three matchers and a keeper, each a process. What is
// acknowledged is kept once and matched once, by all three.
func TestShare(t *testing.T) {
	h := newHouse(t)
	receiver, keeper, _, secret := together(t, h, 3)
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Second)
	defer stop()
	acknowledged, refused := flow(ctx, func() string { return receiver.Intake }, secret, 6)
	share := drained(t, keeper)
	h.exact(t, keeper, acknowledged)
	if refused > 0 {
		t.Errorf("%d requests were refused", refused)
	}
	if len(share.Gathered.By) != 3 || share.Dead > 0 {
		t.Errorf("lots by matcher: %v, %d dead", share.Gathered.By, share.Dead)
	}
	t.Logf("lots by matcher: %v", share.Gathered.By)
}

// TestShareKillMatcher kills one of three matchers at random moments, again and again,
// while events flow and answers of ClickHouse are lost. Nothing is lost, nothing counts
// twice.
func TestShareKillMatcher(t *testing.T) {
	h := newHouse(t)
	var inserts atomic.Int64
	h.engine.After(func(query string) error {
		if strings.HasPrefix(query, "INSERT") && inserts.Add(1)%7 == 0 {
			return errors.New("the answer is lost")
		}
		return nil
	})
	receiver, keeper, matchers, secret := together(t, h, 3)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		defer stop()
		for n := range kills(t) {
			time.Sleep(time.Duration(300+rand.IntN(900)) * time.Millisecond)
			i := n % len(matchers) // the one that has had longest to start
			if err := matchers[i].cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-matchers[i].exited
			matchers[i] = h.launch(t, "match", fmt.Sprint("matcher", i))
		}
	}()
	acknowledged, _ := flow(ctx, func() string { return receiver.Intake }, secret, 4)
	share := drained(t, keeper)
	h.exact(t, keeper, acknowledged)
	again := int64(0)
	for _, p := range share.Processes {
		if p.Match != nil {
			again += p.Match.Again
		}
	}
	t.Logf("%d lots came again, %d late, %d dead; %d kills", again, share.Gathered.Late, share.Dead, kills(t))
}

// TestShareKillReceiver kills the receiver while senders write to it, and starts it again.
func TestShareKillReceiver(t *testing.T) {
	h := newHouse(t)
	receiver, keeper, _, secret := together(t, h, 1)
	var now atomic.Pointer[server]
	now.Store(receiver)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		defer stop()
		for range 3 {
			time.Sleep(time.Duration(300+rand.IntN(700)) * time.Millisecond)
			one := now.Load()
			if err := one.cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-one.exited
			next := h.launch(t, "receive", "receiver")
			next.listens(t, false)
			now.Store(next)
		}
		time.Sleep(300 * time.Millisecond)
	}()
	acknowledged, refused := flow(ctx, func() string { return now.Load().Intake }, secret, 4)
	if refused == 0 {
		t.Error("no sender noticed that the receiver was killed")
	}
	drained(t, keeper)
	h.exact(t, keeper, acknowledged)
}

// TestShareKillKeeper kills who keeps while events flow; the other one takes over, and
// counts nothing twice.
func TestShareKillKeeper(t *testing.T) {
	h := newHouse(t)
	receiver, keeper, _, secret := together(t, h, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan *server, 1)
	go func() {
		defer stop()
		now := keeper
		for round := range 2 {
			next := h.launch(t, "keep", fmt.Sprint("keeper", round))
			time.Sleep(time.Second + time.Duration(rand.IntN(1000))*time.Millisecond)
			if err := now.cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-now.exited
			next.listens(t, true)
			now = next
		}
		done <- now
	}()
	acknowledged, _ := flow(ctx, func() string { return receiver.Intake }, secret, 3)
	keeper = <-done
	drained(t, keeper)
	h.exact(t, keeper, acknowledged)
}

// TestShareWithoutNATS takes NATS away while events flow: senders are told to come again,
// and what was acknowledged before and after is there once.
func TestShareWithoutNATS(t *testing.T) {
	h := newHouse(t)
	receiver, keeper, _, secret := together(t, h, 2)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	told := make(chan error, 1)
	go func() {
		defer stop()
		time.Sleep(time.Second)
		h.stopNATS()
		_, err := post(t.Context(), receiver.Intake, secret, `{"event":{"id":"away"}}`)
		told <- err
		h.startNATS(t)
		time.Sleep(2 * time.Second)
	}()
	acknowledged, refused := flow(ctx, func() string { return receiver.Intake }, secret, 3)
	if err := <-told; err == nil || err.Error() != "the intake answered 503 Service Unavailable" {
		t.Errorf("without NATS the intake says %v, want 503", err)
	}
	if refused == 0 {
		t.Error("nobody was told to wait")
	}
	drained(t, keeper)
	h.exact(t, keeper, acknowledged)
}

// TestShareAfterOne: several processes go on where one process, with ClickHouse and
// PostgreSQL, has stopped: with its data directory, and with numbers behind its own.
func TestShareAfterOne(t *testing.T) {
	h := newHouse(t)
	one := startAs(t, filepath.Join(h.dir, "keeper"), freePorts+fmt.Sprintf("database: %q\nhistory: {clickhouse: %q}\n", h.database, h.history))
	plant(t, one, 0)
	ids, body := batch("one", 50)
	if n, err := post(t.Context(), one.Intake, token(t, one, "sender"), body); err != nil || n != 50 {
		t.Fatal(n, err)
	}
	settled(t, one)
	one.stop(t)
	keeper := h.start(t, "keep", "keeper")
	h.start(t, "match", "matcher")
	receiver := h.start(t, "receive", "receiver")
	more, body := batch("several", 60)
	if n, err := post(t.Context(), receiver.Intake, token(t, keeper, "sender"), body); err != nil || n != 60 {
		t.Fatal(n, err)
	}
	maps.Copy(ids, more)
	drained(t, keeper)
	h.exact(t, keeper, ids)
	if other := refusedStart(t, filepath.Join(h.dir, "other"), freePorts+fmt.Sprintf("history: {clickhouse: %q}\n", h.history)); !strings.Contains(other, "belongs to another") {
		t.Errorf("a process alone on the database of several says %s", other)
	}
}

// TestShareFrozenKeeper: a keeper that stands still loses its turn; when it goes on, it
// writes nothing any more and ends.
func TestShareFrozenKeeper(t *testing.T) {
	h := newHouse(t)
	receiver, frozen, _, secret := together(t, h, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan *server, 1)
	go func() {
		defer stop()
		next := h.launch(t, "keep", "other")
		time.Sleep(time.Second)
		if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		next.listens(t, true)
		if err := frozen.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Error(err)
		}
		done <- next
	}()
	acknowledged, _ := flow(ctx, func() string { return receiver.Intake }, secret, 3)
	keeper := <-done
	select {
	case err := <-frozen.exited:
		if err == nil || !strings.Contains(frozen.log.String(), "keeps") {
			t.Errorf("the keeper that lost its turn ended with %v\n%s", err, frozen.log)
		}
	case <-time.After(30 * time.Second):
		t.Error("the keeper that lost its turn goes on")
	}
	drained(t, keeper)
	h.exact(t, keeper, acknowledged)
}

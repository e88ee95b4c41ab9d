package web_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/web"
	"github.com/vedette-soc/vedette/ref"
)

type brokenAudit struct{ audit.Store }

func (brokenAudit) Latest(context.Context, ref.Ref, int) ([]audit.Entry, error) {
	return nil, errors.New("disk on fire")
}

func TestLive(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	srv := httptest.NewServer(h.handler)
	defer srv.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/live", nil)
	h.must(err)
	r.AddCookie(&http.Cookie{Name: "vedette_session", Value: h.cookies["viewer"]})
	answer, err := http.DefaultClient.Do(r)
	h.must(err)
	defer func() { _ = answer.Body.Close() }()
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %q", got)
	}
	h.changes <- []string{top}
	var lines []string
	for s := bufio.NewScanner(answer.Body); s.Scan(); {
		lines = append(lines, s.Text())
		if strings.HasPrefix(s.Text(), "data: ") {
			break
		}
	}
	got := strings.Join(lines, "\n")
	if !strings.Contains(got, "event: change") || !strings.Contains(got, top) || !strings.Contains(got, `"high":0`) {
		t.Errorf("the stream says %q", got)
	}
}

func TestLiveWithoutChanges(t *testing.T) {
	h := newHouse(t)
	h.users()
	h.cfg.Changes = nil
	h.handler = web.New(h.cfg)
	h.play(t, scenario{name: "nothing to follow", user: "viewer", target: "/live", status: http.StatusNoContent})
}

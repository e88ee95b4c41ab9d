package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	lumber "github.com/elastic/go-lumber/client/v2"

	"github.com/vedette-soc/vedette/internal/app/apptest"
)

// TestKillDuringReceivers kills the server while clients of other products send.
// What one of them was told to be done is in the history.
func TestKillDuringReceivers(t *testing.T) {
	dir := apptest.Data(t)
	conf := strings.Replace(freePorts, `intake: {listen: "127.0.0.1:0"}`, `intake: {listen: "127.0.0.1:0", lumberjack: {tcp: "127.0.0.1:0"}}`, 1)
	s := startAs(t, dir, conf)
	secret := token(t, s, "sender")
	acknowledged := map[string]string{} // id -> protocol
	for round := range kills(t) / 2 {
		for id, protocol := range receiversUntilKilled(t, s, secret, round) {
			acknowledged[id] = protocol
		}
		s = startAs(t, dir, conf)
	}
	settled(t, s)
	s.stop(t)
	stored := receivedIDs(t, dir)
	lost, per := map[string]int{}, map[string]int{}
	for id, protocol := range acknowledged {
		per[protocol]++
		if !stored[id] {
			lost[protocol]++
		}
	}
	t.Logf("acknowledged: %v", per)
	if len(lost) > 0 || len(per) != 3 {
		t.Errorf("acknowledged %v, lost %v", per, lost)
	}
}

// deliver sends documents by one protocol; nil means that all were acknowledged.
type deliver func(ctx context.Context, documents []string) error

func receiversUntilKilled(t *testing.T, s *server, secret string, round int) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	acknowledged := map[string]string{}
	first := make(chan struct{}, 3)
	var sending sync.WaitGroup
	for name, send := range map[string]deliver{"elastic": bulkTo(s.Intake, secret), "hec": collectorOf(s.Intake, secret), "lumberjack": beatTo(s.Lumberjack[0])} {
		sending.Go(func() {
			for n := 0; ; n++ {
				ids, body := batch(fmt.Sprintf("%s-r%d-b%d", name, round, n), 1+rand.IntN(60))
				if send(ctx, strings.Split(strings.TrimSpace(body), "\n")) != nil {
					return
				}
				mu.Lock()
				for id := range ids {
					acknowledged[id] = name
				}
				mu.Unlock()
				if n == 0 {
					first <- struct{}{}
				}
			}
		})
	}
	for range 3 {
		<-first
	}
	time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	s.kill(t)
	sending.Wait()
	return acknowledged
}

func bulkTo(url, secret string) deliver {
	return func(ctx context.Context, documents []string) error {
		var body strings.Builder
		for _, d := range documents {
			body.WriteString("{\"create\":{\"_index\":\"logs\"}}\n" + d + "\n")
		}
		return posted(ctx, url+"/_bulk", "ApiKey "+base64.StdEncoding.EncodeToString([]byte("id:"+secret)), body.String(), `"errors":false`)
	}
}

func collectorOf(url, secret string) deliver {
	return func(ctx context.Context, documents []string) error {
		var body strings.Builder
		for _, d := range documents {
			body.WriteString(`{"host":"h","event":` + d + `}`)
		}
		return posted(ctx, url+"/services/collector", "Splunk "+secret, body.String(), `"code":0`)
	}
}

func posted(ctx context.Context, link, authorization, body, want string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, link, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", authorization)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(want))) {
		err = fmt.Errorf("%s: %.200s", res.Status, answer)
	}
	return err
}

func beatTo(addr string) deliver {
	var client *lumber.SyncClient
	return func(_ context.Context, documents []string) (err error) {
		if client == nil {
			if client, err = lumber.SyncDial(addr, lumber.CompressionLevel(3), lumber.Timeout(20*time.Second)); err != nil {
				return err
			}
		}
		events := make([]any, len(documents))
		for i, d := range documents {
			events[i] = json.RawMessage(d)
		}
		n, err := client.Send(events)
		if err == nil && n != len(events) {
			err = fmt.Errorf("%d of %d acknowledged", n, len(events))
		}
		return err
	}
}

// receivedIDs is which events a stopped server has kept, whatever stands around them.
func receivedIDs(t *testing.T, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, raw := range readRaw(t, dir) {
		var ev struct {
			Event struct {
				ID    string
				Event struct{ ID string }
			}
		}
		if err := json.Unmarshal(raw, &ev); err != nil {
			t.Fatalf("kept %q: %v", raw, err)
		}
		out[ev.Event.ID], out[ev.Event.Event.ID] = true, true
	}
	return out
}

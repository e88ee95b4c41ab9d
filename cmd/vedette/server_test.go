package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
)

// server is a `vedette serve` of its own process, on ports the kernel chose.
type server struct {
	cmd    *exec.Cmd
	dir    string // its data
	log    *logLines
	exited chan error

	Web, Intake, Lists, Private string   // base URLs, as it logged them
	Syslog, Lumberjack          []string // addresses: UDP, TCP, TLS
	*app.Client                          // over its control socket
}

// logLines keeps what a server wrote to standard error.
type logLines struct {
	serving chan map[string]any // gets the entry that says where it listens; closed at the end

	mu    sync.Mutex
	lines []string // guarded by mu
}

// String implements fmt.Stringer.
func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func (l *logLines) follow(r io.Reader) {
	defer close(l.serving)
	for in := bufio.NewScanner(r); in.Scan(); {
		l.mu.Lock()
		l.lines = append(l.lines, in.Text())
		l.mu.Unlock()
		var entry map[string]any
		if json.Unmarshal(in.Bytes(), &entry) == nil && entry["msg"] == "serving" {
			l.serving <- entry
		}
	}
}

const freePorts = `listen: 127.0.0.1:0
intake: {listen: "127.0.0.1:0"}
devices: {listen: "127.0.0.1:0"}
private: {listen: "127.0.0.1:0"}
`

// launch runs a server on the data directory.
func launch(t testing.TB, dir string) *server {
	t.Helper()
	return launchAs(t, dir, freePorts)
}

// launchAs is launch with a configuration, and more flags.
func launchAs(t testing.TB, dir, config string, flags ...string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vedette.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{dir: dir, log: &logLines{serving: make(chan map[string]any, 4)}, exited: make(chan error, 1)}
	s.cmd = exec.Command("vedette", append([]string{"serve", "-config", file, "-data", dir}, flags...)...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // never outlive the tests
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.log.follow(stderr); s.exited <- s.cmd.Wait() }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	return s
}

// start runs a server on the data directory and returns when it listens.
func start(t testing.TB, dir string) *server {
	t.Helper()
	return startAs(t, dir, freePorts)
}

// startAs is start with a configuration.
func startAs(t testing.TB, dir, conf string) *server {
	t.Helper()
	s := launchAs(t, dir, conf)
	entry, ok := <-s.log.serving
	if !ok {
		t.Fatalf("the server did not start: %v\n%s", <-s.exited, s.log)
	}
	s.Web, s.Intake, s.Lists, s.Private = fmt.Sprint(entry["web"]), fmt.Sprint(entry["intake"]), fmt.Sprint(entry["lists"]), fmt.Sprint(entry["private"])
	s.Syslog, s.Lumberjack = texts(entry["syslog"]), texts(entry["lumberjack"])
	var err error
	if s.Client, err = app.Dial(t.Context(), config.Config{Data: dir}); err != nil {
		t.Fatal(err)
	}
	return s
}

// texts is a list of a log entry.
func texts(v any) (out []string) {
	list, _ := v.([]any)
	for _, e := range list {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// kill ends the server as a crash would, and waits until it is gone.
func (s *server) kill(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	s.gone(t)
}

// stop asks the server to end and wants it to do so cleanly.
func (s *server) stop(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := s.gone(t); err != nil {
		t.Errorf("a stop ended with %v\n%s", err, s.log)
	}
}

func (s *server) gone(t testing.TB) error {
	t.Helper()
	if s.Client != nil {
		_ = s.Close()
	}
	select {
	case err := <-s.exited:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not end")
		return nil
	}
}

// call is an API call that must succeed.
func call[Out any](t testing.TB, s *server, method, path string, body any) (out Out) {
	t.Helper()
	if err := s.Call(t.Context(), method, path, body, &out); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, s.log)
	}
	return out
}

// token makes a token of a role and returns its secret.
func token(t testing.TB, s *server, role string) string {
	t.Helper()
	return call[struct{ Secret string }](t, s, "POST", "/tokens", map[string]string{"name": role, "role": role}).Secret
}

// post sends events to the intake and returns how many were acknowledged; an
// error when the answer did not come.
func post(ctx context.Context, url, secret, body string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/events", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Accepted int }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK {
		return answer.Accepted, fmt.Errorf("the intake answered %s", res.Status)
	}
	return answer.Accepted, nil
}

// health is the part of the API's answer that the tests look at.
type health struct {
	Matched uint64
	History struct{ Last uint64 }
	Workers []struct{ Name, State string }
	Index   struct{ Indicators int }
}

// settled waits until every event that arrived was matched.
func settled(t testing.TB, s *server) health {
	t.Helper()
	for {
		h := call[health](t, s, "GET", "/health", nil)
		if h.Matched == h.History.Last {
			return h
		}
		select {
		case err := <-s.exited:
			t.Fatalf("the server ended: %v\n%s", err, s.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

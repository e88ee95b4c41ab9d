package main

import (
	"bufio"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDemo starts the demonstration, looks at its page, and stops it: nothing of
// it is left.
func TestDemo(t *testing.T) {
	tmp := t.TempDir()
	cmd := exec.Command("vedette", "demo", "-listen", "127.0.0.1:0", "-pace", "1h")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	out := bufio.NewScanner(stdout)
	var lines []string
	for len(lines) < 2 && out.Scan() {
		lines = append(lines, out.Text())
	}
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "http://127.0.0.1:") || !strings.HasPrefix(lines[1], "sign in as analyst with the password ") {
		t.Fatalf("it printed %q", lines)
	}
	res, err := http.Get(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || !strings.HasSuffix(res.Request.URL.Path, "/sign-in") {
		t.Errorf("%s answered %s", res.Request.URL, res.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("a stop ended with %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "vedette-*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

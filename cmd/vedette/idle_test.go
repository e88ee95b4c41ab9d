package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/realdata"
)

// maxIdle is what a server without intelligence may hold in memory, in KiB.
const maxIdle = 100 << 10

// TestIdle starts a server with nothing in it, once on a fresh directory and once
// again, and looks at its memory. How long it took is only logged.
func TestIdle(t *testing.T) {
	program(t)
	dir := t.TempDir()
	for _, name := range []string{"first start", "second start"} {
		began := time.Now()
		s := start(t, dir)
		took := time.Since(began)
		settled(t, s)
		rss := residentKiB(t, s.cmd.Process.Pid)
		for end := time.Now().Add(15 * time.Second); rss > maxIdle && time.Now().Before(end); rss = residentKiB(t, s.cmd.Process.Pid) {
			time.Sleep(200 * time.Millisecond) // what the start took is given back within seconds
		}
		t.Logf("%s: listening after %v, %d MiB resident", name, took.Round(time.Millisecond), rss>>10)
		if rss > maxIdle {
			t.Errorf("%s: %d KiB resident, more than %d", name, rss, maxIdle)
		}
		s.stop(t)
	}
}

// program puts the program itself before this test binary, which also holds what only
// tests need, such as a broker.
func program(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "vedette"), ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// residentKiB is the resident memory of a process, as Linux tells it.
func residentKiB(t *testing.T, pid int) int {
	t.Helper()
	n, ok := memoryKiB(pid, "VmRSS:")
	if !ok {
		realdata.Absent(t, "this system does not tell the memory of a process")
	}
	return n
}

// memoryKiB reads one figure of a living process's memory.
func memoryKiB(pid int, field string) (int, bool) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		if size, ok := strings.CutPrefix(line, field); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(size), " kB"))
			return n, err == nil
		}
	}
	return 0, false
}

package main

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// hugeLine is the length of one hostile line, in bytes.
const hugeLine = 2 << 30

// huge reads as before, hugeLine times the letter a, and after.
func huge(before, after string) io.Reader {
	return io.MultiReader(strings.NewReader(before), io.LimitReader(letters{}, hugeLine), strings.NewReader(after))
}

type letters struct{}

func (letters) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

// TestHugeLine sends a line of 2 GiB: it is refused and named, what stands around
// it is read, and memory stays small.
func TestHugeLine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	data := t.TempDir()
	tests := map[string]struct {
		args           []string
		in             io.Reader
		stdout, stderr string
	}{
		"Import": {
			[]string{"intel", "import", "-data", data, "-"},
			huge("before.example\n", "\nafter.example\n"),
			`{"report":{"in":3,"stored":2,"merged":0,"dropped":{"line-too-long":1}`, "stdin:2: line-too-long",
		},
		"Parse": {
			[]string{"parse", "-"},
			huge(`{"a":"`, "\"}\n"+`{"@timestamp":"2026-03-02T09:00:00Z","event":{"kind":"event"},"source":{"ip":"10.0.0.1"}}`+"\n"),
			`"source":{"ip":"10.0.0.1"}`, "- line 1: the record has 2147483657 bytes, more than the limit",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("vedette", tt.args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tt.in, &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			peak := peakMiB(t, cmd)
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v: %s", err, &stderr)
			}
			if !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("stdout %.500s\nstderr %.500s", &stdout, &stderr)
			}
			if n := <-peak; n == 0 || n > 256 {
				t.Errorf("peak memory %d MiB", n)
			}
		})
	}
}

// peakMiB follows the peak of a program's memory until it ends. (What wait tells
// counts the memory of who started it, too.)
func peakMiB(t *testing.T, cmd *exec.Cmd) <-chan int {
	t.Helper()
	out, pid := make(chan int, 1), cmd.Process.Pid
	go func() {
		peak := 0
		for {
			n, ok := memoryKiB(pid, "VmHWM:")
			if !ok {
				out <- peak >> 10
				return
			}
			peak = max(peak, n)
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return out
}

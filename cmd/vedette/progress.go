package main

import (
	"fmt"
	"io"
	"time"
)

// progress shows how far long work is, on a terminal only. The zero value shows
// nothing.
type progress struct {
	w     io.Writer
	what  string
	start time.Time
	last  time.Time
	n     int
}

func newProgress(e env, what string) *progress {
	if !e.tty {
		return &progress{}
	}
	return &progress{w: e.stderr, what: what, start: time.Now()}
}

// at shows n, at most ten times a second.
func (p *progress) at(n int) {
	if p.w == nil || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d (%.0f/s)", p.what, n, float64(n)/time.Since(p.start).Seconds())
}

// done wipes the line.
func (p *progress) done() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

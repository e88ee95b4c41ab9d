package main

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
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
	total int // of what n counts; 0 = not known
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
	rate := float64(n) / time.Since(p.start).Seconds()
	fmt.Fprintf(p.w, "\r\x1b[K%s%s: %d (%.0f/s)", bar(n, p.total), p.what, n, rate)
}

// barWidth is the width of a full bar in characters.
const barWidth = 24

// bar draws how much of total n is; "" when total is not known.
func bar(n, total int) string {
	if total <= 0 {
		return ""
	}
	full := min(n*barWidth/total, barWidth)
	return fmt.Sprintf("[%s%s] %3d %% ", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), min(n*100/total, 100))
}

// sizeOf sums the sizes of the files below paths; 0 when one is not known, such
// as that of standard input.
func sizeOf(paths []string) int {
	sum := 0
	for _, path := range paths {
		err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				sum += int(info.Size())
			}
			return err
		})
		if err != nil {
			return 0
		}
	}
	return sum
}

// done wipes the line.
func (p *progress) done() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

package stix

import "io"

// window is a reader that knows lines and refuses to run too far ahead of what
// has been decoded: that is how the size of one object is bounded.
type window struct {
	r       io.Reader
	read    int64
	until   int64
	line    int     // line of the last offset asked for
	pending []int64 // offsets of line breaks; those from head on lie after it
	head    int
}

// slack is what the JSON decoder may buffer beyond the value it reads.
const slack = 1 << 20

func (w *window) allow(offset, n int64) { w.until = offset + n + slack }

func (w *window) Read(p []byte) (int, error) {
	if w.read >= w.until {
		return 0, errTooLarge
	}
	if left := w.until - w.read; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := w.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			w.pending = append(w.pending, w.read+int64(i))
		}
	}
	w.read += int64(n)
	return n, err
}

// lineAt returns the line of an offset that is not before the last one asked for.
func (w *window) lineAt(offset int64) int {
	for w.head < len(w.pending) && w.pending[w.head] < offset {
		w.head++
		w.line++
	}
	if w.head > 4096 && w.head > len(w.pending)/2 {
		w.pending = append(w.pending[:0], w.pending[w.head:]...)
		w.head = 0
	}
	return w.line
}

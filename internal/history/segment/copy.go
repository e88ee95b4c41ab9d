package segment

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Copy calls fn with every file that a copy of the history needs, oldest segment
// first, each up to the length that is durable now: together they hold every
// record acknowledged before the call. Appending goes on beside it; nothing is
// removed by retention until Copy returns.
func (h *History) Copy(ctx context.Context, fn func(name string, size int64, r io.Reader) error) error {
	type file struct {
		ext  string
		part part
	}
	var files []file
	h.mu.Lock()
	h.copying++
	for _, p := range h.segments {
		files = append(files, file{"log", *p})
		if p.sidecar != nil {
			files = append(files, file{"idx", *p})
		}
	}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.copying--
	}()
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		size := f.part.size
		if f.ext == "idx" {
			size = f.part.sidecar.size
		}
		if err := copyFile(h.path(f.part.first, f.ext), size, fn); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(path string, size int64, fn func(name string, size int64, r io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("copy the history: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("copy the history: %w", err)
	}
	if info.Size() < size {
		return damaged(path, info.Size(), io.ErrUnexpectedEOF)
	}
	return fn(info.Name(), size, io.LimitReader(f, size))
}

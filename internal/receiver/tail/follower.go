package tail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// follower is one open file.
type follower struct {
	place
	path   string // as last known
	source string
	file   *os.File
	cutter *format.Cutter
	header *telemetry.Header
	size   int64 // when it was last read to its end
	named  bool  // a pattern still leads to it
	quiet  int   // rounds without growth since it was renamed away
	halved bool  // the next record has several lines, and its end is still to come
	waited int   // rounds for that
}

// begin opens path and goes on at its place, or at the start.
func (w *Worker) begin(path string, id fileID, declared string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && idOf(info) != id {
		err = fmt.Errorf("it was replaced while it was being opened")
	}
	if err != nil {
		file.Close()
		return err
	}
	f := &follower{path: path, source: "tail/" + path, file: file, size: -1, named: true}
	f.place = place{fileID: id, Path: path, Declared: declared}
	if p, known := w.places[id]; known {
		delete(w.places, id)
		if p.Offset <= info.Size() && p.sameHead(file) {
			f.place, f.source = p, "tail/"+p.Path
			f.Declared = declared
		}
	}
	f.cutter = format.NewCutter(w.Formats, w.MaxEvent, format.CutState{Begun: f.Offset > 0, Skipping: f.Skipping, Table: f.Table})
	if f.header, err = telemetry.NewHeader(w.Formats, f.Declared); err == nil && f.Offset > 0 {
		err = f.header.Resume(f.Format, f.Context)
	}
	if err != nil {
		file.Close()
		return err
	}
	w.open[id] = f
	return nil
}

// drain passes on the whole lines of a file and closes it when it was renamed
// away and read to its end.
func (w *Worker) drain(ctx context.Context, id fileID) error {
	f := w.open[id]
	info, err := f.file.Stat()
	if err != nil {
		w.trouble(f.path, "unreadable", err)
		return nil
	}
	if info.Size() < f.Offset || info.Size() != f.size && !f.sameHead(f.file) {
		if err := w.restart(f); err != nil {
			return err
		}
	}
	grown := info.Size() != f.size
	if f.named || grown {
		f.quiet = 0
	} else {
		f.quiet++
	}
	if f.halved {
		f.waited++
	}
	if !grown && f.quiet < quiet && f.waited != patience {
		return nil
	}
	for {
		n, err := w.step(ctx, f)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	f.size = info.Size()
	if f.quiet < quiet {
		return nil
	}
	w.drop(id)
	return w.save()
}

func (w *Worker) drop(id fileID) {
	w.open[id].file.Close()
	delete(w.open, id)
}

// restart reads a file from its start that was truncated or written anew. A table may
// go on without its header.
func (w *Worker) restart(f *follower) error {
	header, err := telemetry.NewHeader(w.Formats, f.Declared)
	if err != nil {
		return err
	}
	f.header, f.size, f.halved, f.waited = header, -1, false, 0
	f.cutter = format.NewCutter(w.Formats, w.MaxEvent, format.CutState{Table: f.Table})
	f.place = place{fileID: f.fileID, Path: f.Path, Declared: f.Declared, Table: f.Table}
	w.Log.Info("file was truncated, reading it from its start", "file", f.path)
	return nil
}

// step passes on one buffer of lines and returns how far the place moved.
func (w *Worker) step(ctx context.Context, f *follower) (int, error) {
	n, err := f.file.ReadAt(w.buf, f.Offset)
	if err != nil && err != io.EOF {
		w.trouble(f.path, "unreadable", err)
		return 0, nil
	}
	if name := w.Formats.Contained(w.buf[:n]); f.Offset == 0 && name != "" {
		w.trouble(f.path, "binary", fmt.Errorf("it is a binary file of the format %s, not lines; send it to /v1/events instead", name))
		return 0, nil
	}
	ending := format.Growing
	switch {
	case f.quiet >= quiet && n < len(w.buf): // the last line of a file that was renamed away needs no end
		ending = format.Ended
	case f.waited >= patience:
		ending = format.Late
	}
	var records []telemetry.Record
	used, long, waits := f.cutter.Cut(w.buf[:n], ending, func(record []byte) {
		name, context := f.header.Of(record)
		records = append(records, telemetry.Record{Format: name, Context: context, Raw: record})
	})
	if f.halved = waits; !waits || used > 0 {
		f.waited = 0
	}
	if long > 0 {
		w.Intake.Refuse(f.source, "too-long", long)
		w.Log.Warn("lines refused", "file", f.path, "reason", "too-long", "lines", long, "limit", w.MaxEvent)
	}
	if used == 0 {
		return 0, nil
	}
	if err := w.Intake.Accept(ctx, f.source, records); err != nil {
		return 0, err
	}
	state := f.cutter.State()
	f.Offset += int64(used)
	f.Skipping, f.Table = state.Skipping, state.Table
	f.Format, f.Context = f.header.State()
	f.keepHead(f.file)
	return used, w.save()
}

// save writes the places of all files.
func (w *Worker) save() error {
	s := state{Version: 1, Files: make([]place, 0, len(w.open)+len(w.places))}
	for _, f := range w.open {
		s.Files = append(s.Files, f.place)
	}
	for _, p := range w.places {
		s.Files = append(s.Files, p)
	}
	slices.SortFunc(s.Files, func(a, b place) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	if err := s.save(w.State); err != nil {
		return fmt.Errorf("write the places in followed files: %w", err)
	}
	return nil
}

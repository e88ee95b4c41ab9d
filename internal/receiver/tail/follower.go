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
	header *telemetry.Header
	size   int64 // when it was last read to its end
	named  bool  // a pattern still leads to it
	quiet  int   // rounds without growth since it was renamed away
	halved bool  // the next record is an event in XML whose end is still to come
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
	if f.header, err = telemetry.NewHeader(w.Formats, f.Declared); err == nil {
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

// restart reads a file from its start that was truncated or written anew.
func (w *Worker) restart(f *follower) error {
	header, err := telemetry.NewHeader(w.Formats, f.Declared)
	if err != nil {
		return err
	}
	f.header, f.size, f.halved, f.waited = header, -1, false, 0
	f.place = place{fileID: f.fileID, Path: f.Path, Declared: f.Declared}
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
	// The last line of a file that was renamed away and gets nothing more is
	// whole without its line end.
	c := cutter{formats: w.Formats, max: w.MaxEvent, skipping: f.Skipping, last: f.quiet >= quiet && n < len(w.buf), patient: f.waited < patience}
	c.cut(w.buf[:n], f.header)
	f.halved = c.halved
	if !c.halved || c.used > 0 {
		f.waited = 0
	}
	if c.long > 0 {
		w.Intake.Refuse(f.source, "too-long", c.long)
		w.Log.Warn("lines refused", "file", f.path, "reason", "too-long", "lines", c.long, "limit", w.MaxEvent)
	}
	if c.used == 0 {
		return 0, nil
	}
	if err := w.Intake.Accept(ctx, f.source, c.records); err != nil {
		return 0, err
	}
	f.Offset += int64(c.used)
	f.Skipping = c.skipping
	f.Format, f.Context = f.header.State()
	f.keepHead(f.file)
	return c.used, w.save()
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

// cutter cuts a buffer into lines.
type cutter struct {
	formats  *format.Recogniser
	max      int
	skipping bool // inside a line that is too long
	last     bool // nothing comes after the buffer
	patient  bool // for the end of an event in XML
	halved   bool // it is awaited

	records []telemetry.Record // parts of the buffer
	used    int
	long    int // lines that were too long
}

func (c *cutter) cut(buf []byte, header *telemetry.Header) {
	for c.used < len(buf) {
		rest := buf[c.used:]
		if !c.skipping && c.event(rest, header) {
			if c.halved {
				return
			}
			continue
		}
		i := bytes.IndexByte(rest, '\n')
		line, next := rest, len(rest)
		if i >= 0 {
			line, next = rest[:i], i+1
		} else if !c.last && !c.skipping && len(rest) < c.max+2 {
			return // the rest of the line is still to come
		}
		c.used += next
		if c.skipping {
			c.skipping = i < 0
			continue
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case len(line) > c.max:
			c.long++
			c.skipping = i < 0
		case format.Enveloped(line):
			c.open(line, header)
		case len(bytes.TrimSpace(line)) > 0:
			c.keep(line, header)
		}
	}
}

// event takes a Windows event in XML, which may span lines, or sees that its end is
// still to come. One that is broken, too long, or long in coming is read as lines.
func (c *cutter) event(rest []byte, header *telemetry.Header) bool {
	lead, end, more := format.CutEvent(rest)
	switch {
	case more:
		c.halved = c.patient && !c.last && len(rest) <= c.max
		return c.halved
	case end == 0 || end-lead > c.max:
		return false
	case end > lead:
		c.keep(rest[lead:end], header)
	}
	c.used += end
	return true
}

func (c *cutter) keep(record []byte, header *telemetry.Header) {
	name, context := header.Of(record)
	c.records = append(c.records, telemetry.Record{Format: name, Context: context, Raw: record})
}

// open cuts a line that is a list of records in an envelope; one that is broken stays
// as it is.
func (c *cutter) open(line []byte, header *telemetry.Header) {
	var records [][]byte
	in := format.NewSplitter(bytes.NewReader(line), "", c.formats, c.max)
	for {
		record, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			records = [][]byte{line}
			break
		}
		records = append(records, record)
	}
	for _, record := range records {
		c.keep(record, header)
	}
}

package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Inward takes old files into the history. Their events keep their own times, are
// found and matched as any other, but as found by looking back: they teach nothing of
// what is usual now, complete no correlation and say nothing of a sender's health.
// Safe for concurrent use.
type Inward struct {
	Intake   *telemetry.Intake
	Formats  *format.Recogniser
	Memories telemetry.MemoryStore

	mu sync.Mutex // one file changes the list at a time
}

// OldFile is a file that was taken in.
type OldFile struct {
	SHA256  string    `json:"sha256"` // of its content, decompressed
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	Records int       `json:"records"`
}

// TakenIn says what became of the records of a file.
type TakenIn struct {
	In      int            `json:"in"`
	Stored  int            `json:"stored"`
	Dropped map[string]int `json:"dropped"`
}

const (
	// oldFiles is how many files are remembered, the newest.
	oldFiles = 5000
	// inwardMemory is the name under which they are.
	inwardMemory = "imported"
	inwardBatch  = 500
	inwardBytes  = 4 << 20
	// inwardRecord is what one record may have.
	inwardRecord = 8 << 20
)

// Files returns the files that were taken in, oldest first. The role Analyst is needed.
func (n *Inward) Files(ctx context.Context) ([]OldFile, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return nil, err
	}
	_, state, err := n.Memories.Memory(ctx, inwardMemory)
	if err != nil || len(state) == 0 {
		return nil, err
	}
	var files []OldFile
	if err := json.Unmarshal(state, &files); err != nil {
		return nil, fmt.Errorf("read the list of imported files: %w", err)
	}
	return files, nil
}

// Take takes in the file in. declared is the format of its records, "" when each is
// to be recognised; source is what it is called as a sender, "" = its name. What
// cannot be a record is counted by reason. The role Analyst is needed.
func (n *Inward) Take(ctx context.Context, name, declared, source string, in io.Reader) (TakenIn, error) {
	t := TakenIn{Dropped: map[string]int{}}
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return t, err
	}
	header, err := telemetry.NewHeader(n.Formats, declared)
	if err != nil {
		return t, errs.New(errs.Invalid, "format_unknown", "There is no format %q.", declared)
	}
	name = label(path.Base(strings.ReplaceAll(name, "\\", "/")))
	if source = label(source); source == "" {
		source = name
	}
	sum := sha256.New()
	f := oldFile{Inward: n, ctx: ctx, header: header, source: telemetry.ImportedFrom(source), taken: &t}
	f.records = format.NewSplitter(io.TeeReader(in, sum), name, n.Formats, inwardRecord)
	if err := f.all(); err != nil {
		return t, err
	}
	// What lies behind the last record of a container belongs to the file as well.
	if _, err := io.Copy(sum, in); err != nil {
		return t, fmt.Errorf("read %s: %w", name, err)
	}
	return t, n.remember(ctx, OldFile{SHA256: hex.EncodeToString(sum.Sum(nil)), Name: name, At: time.Now().UTC(), Records: t.Stored})
}

func (n *Inward) remember(ctx context.Context, f OldFile) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	files, err := n.Files(ctx)
	if err != nil {
		return err
	}
	files = append(files, f)
	state, err := json.Marshal(files[max(0, len(files)-oldFiles):])
	if err != nil {
		return err
	}
	return n.Memories.SaveMemory(ctx, inwardMemory, 0, state)
}

// oldFile is one file on its way in.
type oldFile struct {
	*Inward
	ctx     context.Context
	header  *telemetry.Header
	records *format.Splitter
	source  string
	taken   *TakenIn
	batch   []telemetry.Record
	bytes   int
}

func (f *oldFile) all() error {
	for {
		raw, err := f.records.Next()
		var bad *format.RecordError
		switch {
		case errors.Is(err, io.EOF):
			return f.flush()
		case errors.As(err, &bad):
			f.taken.In++
			f.taken.Dropped[bad.Reason]++
			continue
		case err != nil:
			return errors.Join(errs.New(errs.Invalid, "import_broken_off", "The file could not be read to its end; %d of its records are kept.", f.taken.Stored).Because(err), f.flush())
		}
		f.taken.In++
		if strings.TrimSpace(string(raw)) == "" {
			f.taken.Dropped["empty"]++
			continue
		}
		r := telemetry.Record{Source: f.source, Format: f.records.Format(), Raw: raw}
		if r.Format == "" {
			r.Format, r.Context = f.header.Of(raw)
		}
		f.batch, f.bytes = append(f.batch, r), f.bytes+len(raw)
		if len(f.batch) >= inwardBatch || f.bytes >= inwardBytes {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
}

// flush makes the batch durable. It waits as long as the disk needs: nobody would send
// the file again by himself.
func (f *oldFile) flush() error {
	for {
		err := f.Intake.Import(f.ctx, f.batch)
		if errs.KindOf(err) == errs.RateLimited && f.ctx.Err() == nil {
			continue
		}
		if err != nil {
			return err
		}
		f.taken.Stored += len(f.batch)
		f.batch, f.bytes = f.batch[:0], 0
		return nil
	}
}

// label makes a name fit to be one of a sender.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	r := []rune(s)
	return string(r[:min(len(r), 120)])
}

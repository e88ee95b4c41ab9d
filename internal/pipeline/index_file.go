package pipeline

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/mmap"
	"github.com/vedette-soc/vedette/match"
)

// indexNote is kept with an index in its file.
type indexNote struct {
	Since   intel.Stamp `json:"since"` // up to when it is true
	Refused int         `json:"refused"`
	// Patterns is the texts of patterns, which the index does not find by value.
	Patterns map[intel.Key]string `json:"patterns,omitempty"`
}

// Rebuild compiles all live indicators into a new index, puts it in use, and
// keeps it in the file.
func (m *Matcher) Rebuild(ctx context.Context) error {
	start := time.Now()
	mark := m.live.Mark()
	var b match.Builder
	note := indexNote{Patterns: map[intel.Key]string{}}
	var err error
	if note.Since, err = m.intel.Moment(ctx); err != nil {
		return fmt.Errorf("read the moment of the indicators: %w", err)
	}
	err = m.intel.Live(ctx, func(k intel.Key, t indicator.Type, value string) error {
		if err := b.Add(t, value, uint64(k)); err != nil {
			note.Refused++
		}
		if t == indicator.Pattern && len(note.Patterns) < patternsMost {
			note.Patterns[k] = value
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read live indicators: %w", err)
	}
	if b.Note, err = json.Marshal(note); err != nil {
		return err
	}
	x := b.Build()
	m.live.Store(x, mark)
	m.patterns.replace(note.Patterns)
	// What changed while it was built, and was put into effect then, once more.
	if changed, _, ok, err := m.intel.Changes(ctx, note.Since, changesTaken); err == nil && ok {
		m.patterns.apply(changed)
	}
	m.built(note, time.Since(start))
	m.log.DebugContext(ctx, "index swapped", "indicators", x.Len(), "refused", note.Refused, "took", time.Since(start))
	if m.file == "" {
		return nil
	}
	mapped, err := m.save(x)
	if err != nil { // it serves all the same; the next start takes longer
		m.log.WarnContext(ctx, "the index could not be kept in its file", "file", m.file, "error", err)
		return nil
	}
	m.live.Store(mapped, 0) // the same, in memory that is the file's
	return nil
}

func (m *Matcher) built(note indexNote, took time.Duration) {
	m.reached(note.Since)
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.met)
	m.about = IndexState{Refused: note.Refused, Built: time.Now(), Took: took}
}

// save replaces the file and returns the index in it.
func (m *Matcher) save(x *match.Index) (*match.Index, error) {
	fresh := m.file + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, err = x.WriteTo(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(fresh, m.file)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(fresh))
	}
	return openIndex(m.file)
}

// openIndex maps an index; its memory is let go when the index is out of reach.
func openIndex(file string) (*match.Index, error) {
	f, err := mmap.Open(file)
	if err != nil {
		return nil, err
	}
	x, err := match.Open(f.Bytes())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	runtime.AddCleanup(x, func(f *mmap.File) { _ = f.Close() }, f)
	return x, nil
}

// CheckIndexFile reads the index kept in a file and compares its checksums. The
// error of a file that is not there is fs.ErrNotExist.
func CheckIndexFile(file string) (indicators int, err error) {
	x, err := openIndex(file)
	if err != nil {
		return 0, err
	}
	return x.Len(), x.Verify()
}

// load puts the index of the file in use and brings it up to date. It returns
// false when there is none, when it is damaged, or when what changed since cannot
// be told: the index is then to be built.
func (m *Matcher) load(ctx context.Context) (bool, error) {
	if m.file == "" {
		return false, nil
	}
	start := time.Now()
	x, err := openIndex(m.file)
	if err == nil {
		err = x.Verify()
	}
	var note indexNote
	if err == nil {
		err = json.Unmarshal(x.Note(), &note)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		m.log.WarnContext(ctx, "the index is built anew, its file cannot be used", "file", filepath.Base(m.file), "error", err)
		return false, nil
	}
	m.live.Store(x, m.live.Mark())
	m.patterns.replace(note.Patterns)
	m.mu.Lock()
	m.since = note.Since
	m.mu.Unlock()
	stale, err := m.Update(ctx)
	if err != nil || stale {
		m.mu.Lock()
		m.since = intel.Stamp{}
		m.mu.Unlock()
		return false, err
	}
	m.built(note, time.Since(start))
	m.log.DebugContext(ctx, "index opened", "indicators", x.Len(), "changed", m.live.View().Changed(), "took", time.Since(start))
	return true, nil
}

// Package tail receives events from files that others append to, through rotation by
// renaming or by copying and truncating. A file is cut into records as any other input
// is ([format.Cutter]): lines, rows of tables, and records of several lines.
//
// [Worker.Run] is a worker. Promises: a line is passed on once it has its line end, a
// record of several lines once it has its own end, or as lines when that is long in
// coming; a file is known by device and inode, not by name, so that a renamed
// file is read to its end and never twice; the place in every file is written to
// the state file after its lines are durable, so that a crash repeats at most one
// batch and loses nothing; a line that is too long is passed over and counted;
// one unreadable file does not stop the others. It looks for changes twice a
// second. UTF-16 is not understood, and a binary file that a format knows, such as
// EVTX, is refused.
package tail

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	poll = 500 * time.Millisecond
	// maxFiles bounds the files followed at the same time; each is kept open.
	maxFiles = 1000
	// quiet is how many rounds a renamed file must not grow before it is done
	// with: a minute. Programs write on into it until they open the new one.
	quiet = 120
	// patience is how many rounds the end of a record of several lines is awaited: ten seconds.
	patience = 20
)

// Follow is a file, or a pattern of files as of path/filepath.Match.
type Follow struct {
	Path   string
	Format string // of its lines; recognised when empty
}

// Worker follows files.
type Worker struct {
	Files    []Follow
	State    string // the file that keeps the places
	Intake   *telemetry.Intake
	Formats  *format.Recogniser
	MaxEvent int // bytes of a line, default 1 MiB
	Log      *slog.Logger

	open   map[fileID]*follower
	places map[fileID]place // of files that are not open
	told   map[string]bool  // paths whose trouble is logged already
	buf    []byte           // what is read at once; shared by all followers

	searched bool // renamed files were looked for
}

// fileID is a file, whatever its name.
type fileID struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

func idOf(info fs.FileInfo) fileID {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(st.Dev), st.Ino}
	}
	return fileID{}
}

// Run follows the files until ctx is done.
func (w *Worker) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	if w.MaxEvent <= 0 {
		w.MaxEvent = format.DefaultMaxRecord
	}
	for _, f := range w.Files {
		if _, err := filepath.Match(f.Path, ""); err != nil {
			return errs.Permanent(fmt.Errorf("follow %q: %w", f.Path, err))
		}
		if _, err := telemetry.NewHeader(w.Formats, f.Format); err != nil {
			return errs.Permanent(fmt.Errorf("follow %q: %w", f.Path, err))
		}
	}
	var err error
	if w.places, err = loadPlaces(w.State); err != nil {
		return err
	}
	w.searched = false
	w.open, w.told = map[fileID]*follower{}, map[string]bool{}
	w.buf = make([]byte, max(w.MaxEvent+2, 256<<10))
	defer w.closeAll()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := w.round(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *Worker) closeAll() {
	for _, f := range w.open {
		f.file.Close()
	}
}

// round looks at every file once and passes on what is new.
func (w *Worker) round(ctx context.Context) error {
	for _, f := range w.open {
		f.named = false
	}
	for _, spec := range w.Files {
		paths, err := filepath.Glob(spec.Path)
		if err != nil {
			return errs.Permanent(err)
		}
		for _, path := range paths {
			w.look(path, spec)
		}
	}
	if !w.searched {
		w.searched = true
		w.findRenamed()
	}
	ids := make([]fileID, 0, len(w.open))
	for id := range w.open {
		ids = append(ids, id)
	}
	// Renamed files first: their lines are older than those of their successors.
	slices.SortFunc(ids, func(a, b fileID) int { return before(w.open[a], w.open[b]) })
	for _, id := range ids {
		if err := w.drain(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func before(a, b *follower) int {
	if a.named != b.named {
		if b.named {
			return -1
		}
		return 1
	}
	return strings.Compare(a.path, b.path)
}

var packed = []string{".gz", ".zst", ".bz2", ".xz", ".zip", ".lz4"}

// look begins to follow path, or sees that it is followed already.
func (w *Worker) look(path string, spec Follow) {
	if slices.Contains(packed, filepath.Ext(path)) {
		return // a rotated file that was compressed afterwards
	}
	info, err := os.Stat(path)
	if err != nil {
		if !os.IsNotExist(err) {
			w.trouble(path, "unreadable", err)
		}
		return
	}
	if !info.Mode().IsRegular() { // opening a pipe would block
		return
	}
	id := idOf(info)
	if f := w.open[id]; f != nil {
		f.named = true
		return
	}
	if len(w.open) >= maxFiles {
		w.trouble(path, "too-many-files", fmt.Errorf("more than %d files", maxFiles))
		return
	}
	if err := w.begin(path, id, spec.Format); err != nil {
		w.trouble(path, "unreadable", err)
		return
	}
	delete(w.told, path)
}

// trouble logs and counts what is wrong with a path, once until it is well again.
func (w *Worker) trouble(path, reason string, err error) {
	if w.told[path] {
		return
	}
	w.told[path] = true
	w.Log.Warn("file is not followed", "file", path, "reason", reason, "error", err)
	w.Intake.Refuse("tail/"+path, reason, 1)
}

// findRenamed opens files whose place is known but which were renamed, out of
// every pattern, while nobody looked: they are still to be read to their end.
func (w *Worker) findRenamed() {
	for id, p := range maps.Clone(w.places) {
		if info, err := os.Stat(p.Path); err == nil && idOf(info) == id && w.wanted(p.Path) {
			continue // it could not be opened; it keeps its place
		}
		if path, ok := w.search(id, filepath.Dir(p.Path)); ok && w.wanted(p.Path) {
			if err := w.begin(path, id, p.Declared); err != nil {
				w.trouble(path, "unreadable", err)
			} else {
				w.open[id].named = false
			}
		}
		delete(w.places, id)
	}
}

// search looks for a file in a directory, whatever its name.
func (w *Worker) search(id fileID, dir string) (string, bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && idOf(info) == id && !slices.Contains(packed, filepath.Ext(e.Name())) {
			return filepath.Join(dir, e.Name()), true
		}
	}
	return "", false
}

// wanted says whether path is still asked for.
func (w *Worker) wanted(path string) bool {
	return slices.ContainsFunc(w.Files, func(f Follow) bool {
		ok, _ := filepath.Match(f.Path, path)
		return ok
	})
}

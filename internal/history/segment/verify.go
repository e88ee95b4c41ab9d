package segment

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Verified is what Verify found.
type Verified struct {
	Segments    int
	Volumes     int // that stand for the sidecars of some of them
	Records     int
	Bytes       int64
	First, Last telemetry.Seq // 0 when there is no record
	Next        telemetry.Seq // the number of the record that comes next
	Newest      time.Time     // when the newest record was received
	Problems    []string      // damage, with file and offset
	Stale       []string      // volumes that may be removed, and why: nothing is lost with them
}

// problemsKept bounds the damage that is named.
const problemsKept = 100

// Verify reads every byte of the history in dir and holds it against its
// checksums, without changing anything; it may run beside a process that appends.
// What a crash left torn at the very end is no damage: it was never acknowledged.
func Verify(ctx context.Context, dir string) (Verified, error) {
	var v verifier
	var err error
	if v.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBlock)); err != nil {
		return v.Verified, err
	}
	defer v.decoder.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return v.Verified, fmt.Errorf("list the history: %w", err)
	}
	firsts := numbered(entries, ".log")
	for i, first := range firsts {
		if err := ctx.Err(); err != nil {
			return v.Verified, err
		}
		if v.Next > first {
			v.problem("%s: the segment before it goes on to record %d", name(dir, first, "log"), v.Next-1)
		} else if v.Next > 0 && v.Next < first {
			v.problem("%s: the records from %d to %d before it are absent", name(dir, first, "log"), v.Next, first-1)
		}
		if err := v.segment(dir, first, i == len(firsts)-1); err != nil && !errors.Is(err, fs.ErrNotExist) { // retention may remove one meanwhile
			return v.Verified, err
		}
	}
	for _, first := range numbered(entries, ".vol") {
		if err := v.volume(ctx, dir, first); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return v.Verified, err
		}
	}
	return v.Verified, nil
}

// numbered returns the numbers of files with an extension, ascending.
func numbered(entries []fs.DirEntry, ext string) []telemetry.Seq {
	var firsts []telemetry.Seq
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ext)
		if n, err := strconv.ParseUint(name, 10, 64); ok && err == nil && n > 0 && len(name) == 20 {
			firsts = append(firsts, telemetry.Seq(n))
		}
	}
	slices.Sort(firsts)
	return firsts
}

type verifier struct {
	Verified
	decoder *zstd.Decoder
	newest  int64
}

func name(dir string, first telemetry.Seq, ext string) string {
	return filepath.Join(dir, fmt.Sprintf("%020d.%s", first, ext))
}

func (v *verifier) problem(format string, args ...any) {
	if len(v.Problems) < problemsKept {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) stale(err error) {
	if len(v.Stale) < problemsKept {
		v.Stale = append(v.Stale, err.Error())
	}
}

func (v *verifier) segment(dir string, first telemetry.Seq, last bool) error {
	path := name(dir, first, "log")
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	if !validHead(data, first) {
		if !last || len(data) >= headSize {
			v.problem("%s is no segment", path)
		}
		return nil
	}
	v.Segments++
	v.Next = first
	v.Bytes += int64(len(data))
	frames, end := scan(data, first)
	next := first
	for i := range frames {
		f := &frames[i]
		if f.first != next {
			v.problem("%s is damaged before offset %d: %d records are lost", path, f.off, f.first-next)
		}
		if v.First == 0 {
			v.First = f.first
		}
		plain, err := v.decoder.DecodeAll(f.payload, make([]byte, 0, f.raw))
		if err == nil {
			_, err = parseBlock(plain, f.first, f.count)
		}
		if err != nil {
			v.problem("%s is damaged at offset %d: %v", path, f.off, err)
		}
		next = f.first + telemetry.Seq(f.count)
		v.Records += int(f.count)
		v.Last, v.Next = next-1, next
		if f.newest > v.newest {
			v.newest, v.Newest = f.newest, time.UnixMicro(f.newest).UTC()
		}
	}
	if !last && end < int64(len(data)) {
		v.problem("%s is damaged at offset %d, up to its end", path, end)
	}
	return v.sidecar(dir, first, int64(len(data)), last)
}

// sidecar checks the notes of a segment. Without one they are made at the next
// start.
func (v *verifier) sidecar(dir string, first telemetry.Seq, size int64, last bool) error {
	path := name(dir, first, "idx")
	s, err := openSidecar(path, first)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		v.problem("%v", err)
		return nil
	}
	defer func() { _ = s.close() }()
	v.Bytes += s.size
	if s.part.size != size && (!last || s.part.size < size) { // the last one may have grown, and been sealed, since it was read
		v.problem("%s belongs to a log of %d bytes, not %d", path, s.part.size, size)
	}
	var scratch []byte
	for i := range s.pages {
		if _, err := s.page(i, &scratch); err != nil {
			v.problem("%s: page %d: %v", path, i, err)
		}
	}
	for i := range s.traces {
		if _, err := s.pageOf(s.traces, i, s.tracesEnd, &scratch); err != nil {
			v.problem("%s: page %d of its traces: %v", path, i, err)
		}
	}
	for i, w := range s.words {
		if _, err := s.word(w, nil); err != nil {
			v.problem("%s: block %d of its words: %v", path, i, err)
		}
	}
	return nil
}

// volume makes a volume again, out of the sidecars it binds, and holds every byte of
// it against that. One of what is no longer there is no damage: nobody believes it.
func (v *verifier) volume(ctx context.Context, dir string, first telemetry.Seq) error {
	path := name(dir, first, "vol")
	vol, err := openVolume(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	v.Volumes++
	if err != nil {
		v.stale(err)
		return nil
	}
	defer func() { _ = vol.close() }()
	v.Bytes += vol.size
	var sides []*sidecar
	defer func() {
		for _, s := range sides {
			_ = s.close()
		}
	}()
	for _, b := range vol.bound {
		s, err := openSidecar(name(dir, b.first, "idx"), b.first)
		if err != nil {
			return nil // told with its segment, or removed by retention
		}
		if sides = append(sides, s); s.bound() != b {
			return nil
		}
	}
	same := comparison{with: bufio.NewReaderSize(vol.file, 256<<10)}
	if err := encodeVolume(ctx, &same, sides); err != nil && !errors.Is(err, errDiffers) {
		var bad *looseError
		if errors.As(err, &bad) {
			return nil // told with its segment
		}
		return err
	}
	if same.differs || same.off != vol.size {
		v.stale(badVolume(path, fmt.Sprintf("from offset %d on it is not what its sidecars say", same.off)))
	}
	return nil
}

// errDiffers ends a comparison.
var errDiffers = errors.New("what is written is not what is there")

// comparison is a writer that holds what is written against what is there.
type comparison struct {
	with    io.Reader
	buf     []byte
	off     int64 // up to where both are the same
	differs bool
}

func (c *comparison) Write(p []byte) (int, error) {
	if cap(c.buf) < len(p) {
		c.buf = make([]byte, len(p))
	}
	n, err := io.ReadFull(c.with, c.buf[:len(p)])
	if err != nil || !bytes.Equal(c.buf[:n], p) {
		c.differs = true
		return 0, errDiffers
	}
	c.off += int64(n)
	return n, nil
}

package app

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
)

// Bounds of a backup that is read.
const (
	maxBackupFiles = 1 << 20
	maxManifest    = 256 << 20
)

// backupFile are the names a backup may hold.
var backupFile = regexp.MustCompile(`^(vedette\.db|tail\.json|leak\.key|history/[0-9]{20}\.(log|idx))$`)

// Restore unpacks a backup into the data directory of c, which must be absent or
// empty, and examines what came out. When it returns an error, nothing is left in
// the directory.
func Restore(ctx context.Context, backup io.Reader, c config.Config) (api.BackupReport, []api.Check, error) {
	report, err := unpack(ctx, backup, c.Data)
	if err != nil {
		return report, nil, err
	}
	if report.Database != "sqlite" || c.Database != "" {
		return report, checkHistory(ctx, c), nil
	}
	return report, examineFiles(ctx, c), nil
}

func unpack(ctx context.Context, backup io.Reader, dir string) (report api.BackupReport, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(dir, 0o700)
	case err == nil && len(entries) > 0:
		return report, errs.New(errs.Conflict, "restore_not_empty", "The directory %s is not empty; name a new one, or move away what is there.", dir)
	case err == nil:
		err = os.Chmod(dir, 0o700)
	}
	if err != nil {
		return report, errs.New(errs.Invalid, "data_unusable", "The data directory %q cannot be made or read.", dir).Because(err)
	}
	root, err := os.OpenRoot(dir) // no name in the backup reaches outside
	if err != nil {
		return report, err
	}
	u := unpacking{root: root, found: map[string]manifestFile{}}
	err = u.all(ctx, backup)
	if err != nil {
		u.undo()
	}
	return u.report, errors.Join(err, root.Close())
}

// unpacking is one backup on its way into a directory.
type unpacking struct {
	root   *os.Root
	found  map[string]manifestFile
	report api.BackupReport
}

func broken(format string, args ...any) error {
	return errs.New(errs.Invalid, "backup_broken", "This is no whole backup of Vedette: "+format+". Nothing was restored.", args...)
}

func (u *unpacking) all(ctx context.Context, backup io.Reader) error {
	if err := u.root.Mkdir(historyName, 0o700); err != nil {
		return err
	}
	z, err := zstd.NewReader(backup, zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	for t := tar.NewReader(z); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return broken("it ends before its list of files; it was cut off")
		case err != nil:
			return broken("%v", err)
		case h.Typeflag != tar.TypeReg:
			return broken("%.100q is not a file", h.Name)
		case h.Name == manifestName:
			return u.finish(t, h.Size)
		case !backupFile.MatchString(h.Name):
			return broken("it has no business with a file %.100q", h.Name)
		case u.found[h.Name].Name != "" || len(u.found) == maxBackupFiles:
			return broken("%.100q is there twice, or there are too many files", h.Name)
		}
		if err := u.file(t, h); err != nil {
			return err
		}
	}
}

func (u *unpacking) file(r io.Reader, h *tar.Header) error {
	f, err := u.root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("restore %s: %w", h.Name, err)
	}
	u.found[h.Name] = manifestFile{Name: h.Name}
	sum := sha256.New()
	in := reading{r: r}
	n, err := io.Copy(io.MultiWriter(f, sum), &in)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	switch {
	case in.err != nil:
		return broken("%s: %v", h.Name, in.err)
	case err != nil:
		return errs.New(errs.Unavailable, "restore_disk", "%s cannot be written; the disk may be full. Nothing was restored.", h.Name).Because(err)
	}
	u.found[h.Name] = manifestFile{h.Name, n, hex.EncodeToString(sum.Sum(nil))}
	return nil
}

// reading tells a fault of the backup from one of the disk.
type reading struct {
	r   io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// finish holds what was unpacked against the list at the backup's end.
func (u *unpacking) finish(r io.Reader, size int64) error {
	if size > maxManifest {
		return broken("its list of files has %d bytes", size)
	}
	var m manifest
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return broken("its list of files cannot be read: %v", err)
	}
	if m.Format != 1 {
		return errs.New(errs.Invalid, "backup_newer", "This backup was made by a newer version (%.50q); restore it with that version.", m.Version)
	}
	u.report = api.BackupReport{Created: m.Created, Database: m.Database}
	for _, want := range m.Files {
		if got := u.found[want.Name]; got != want {
			return broken("%.100q is not as it was when the backup was made", want.Name)
		}
		u.report.Files++
		u.report.Bytes += want.Size
	}
	if len(m.Files) != len(u.found) {
		return broken("it holds files that its list does not name")
	}
	return nil
}

// undo removes what was unpacked.
func (u *unpacking) undo() {
	for name := range u.found {
		_ = u.root.Remove(name)
	}
	_ = u.root.Remove(historyName)
}

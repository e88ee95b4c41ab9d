package app

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// Names in a data directory, and in a backup of it.
const (
	databaseName = "vedette.db"
	tailName     = "tail.json"
	historyName  = "history"
	manifestName = "manifest.json"
	indexName    = "indicators.index" // not in a backup: it can be made from the database
)

// manifest is the last file of a backup. Without it the backup is not whole.
type manifest struct {
	Format   int            `json:"format"` // 1
	Created  time.Time      `json:"created"`
	Version  string         `json:"version"` // of the program that made it
	Database string         `json:"database"`
	Files    []manifestFile `json:"files"`
}

type manifestFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// backup writes a tar archive in zstd of everything that is kept, while work goes
// on. The order makes it whole: the places in followed files are taken first, then
// the database, then the events, so that no place lies beyond the events.
func (s *System) backup(ctx context.Context, w io.Writer) (api.BackupReport, error) {
	report := api.BackupReport{Created: time.Now().UTC(), Database: string(s.store.Engine())}
	if !s.backingUp.TryLock() {
		return report, errs.New(errs.Conflict, "backup_running", "A backup is being made already; wait for it to end.")
	}
	defer s.backingUp.Unlock()
	places, err := os.ReadFile(filepath.Join(s.opt.Config.Data, tailName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return report, err
	}
	database, clear, err := s.copyDatabase(ctx)
	if err != nil {
		return report, err
	}
	defer clear()
	a, err := newArchive(w, manifest{Format: 1, Created: report.Created, Version: s.opt.Version, Database: report.Database})
	if err != nil {
		return report, err
	}
	if err := s.fill(ctx, a, database, places); err != nil {
		return report, errors.Join(err, a.zstd.Close())
	}
	if err := a.close(); err != nil {
		return report, err
	}
	for _, f := range a.manifest.Files {
		report.Files++
		report.Bytes += f.Size
	}
	return report, nil
}

func (s *System) fill(ctx context.Context, a *archive, database string, places []byte) error {
	if database != "" {
		f, err := os.Open(database)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := a.add(databaseName, info.Size(), f); err != nil {
			return err
		}
	}
	if places != nil {
		if err := a.add(tailName, int64(len(places)), bytes.NewReader(places)); err != nil {
			return err
		}
	}
	switch key, err := os.ReadFile(filepath.Join(s.opt.Config.Data, leakKeyName)); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := a.add(leakKeyName, int64(len(key)), bytes.NewReader(key)); err != nil {
			return err
		}
	}
	if s.segments == nil {
		return nil // ClickHouse makes its own
	}
	return s.segments.Copy(ctx, func(name string, size int64, r io.Reader) error { return a.add(historyName+"/"+name, size, r) })
}

// copyDatabase makes a copy of the database in the data directory, "" where the
// database is not a file. What a crash left of an earlier copy is removed.
func (s *System) copyDatabase(ctx context.Context) (path string, clear func(), err error) {
	if s.store.Engine() != sqldb.SQLite {
		return "", func() {}, nil
	}
	dir := filepath.Join(s.opt.Config.Data, "backup.tmp")
	clear = func() { _ = os.RemoveAll(dir) }
	clear()
	if err = os.Mkdir(dir, 0o700); err == nil {
		path = filepath.Join(dir, databaseName)
		err = s.store.Copy(ctx, path)
	}
	if err != nil {
		clear()
		return "", nil, errs.New(errs.Unavailable, "backup_database", "The database cannot be copied to %s; it needs there as much free space as the database has.", dir).Because(err)
	}
	return path, clear, nil
}

// archive writes files into a backup and remembers what they were.
type archive struct {
	zstd     *zstd.Encoder
	tar      *tar.Writer
	manifest manifest
}

func newArchive(w io.Writer, m manifest) (*archive, error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return &archive{zstd: z, tar: tar.NewWriter(z), manifest: m}, nil
}

func (a *archive) add(name string, size int64, r io.Reader) error {
	err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: a.manifest.Created, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("add %s to the backup: %w", name, err)
	}
	sum := sha256.New()
	if _, err := io.CopyN(a.tar, io.TeeReader(r, sum), size); err != nil {
		return fmt.Errorf("add %s to the backup: %w", name, err)
	}
	a.manifest.Files = append(a.manifest.Files, manifestFile{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (a *archive) close() error {
	b, err := json.Marshal(a.manifest)
	if err != nil {
		return err
	}
	if err := a.tar.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(b)), ModTime: a.manifest.Created, Format: tar.FormatPAX}); err != nil {
		return err
	}
	if _, err := a.tar.Write(b); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), a.zstd.Close())
}

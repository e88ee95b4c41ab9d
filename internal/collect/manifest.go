package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// SpoolPrefix begins the names of directories with downloads; what a crash leaves
// of them may be removed at start.
const SpoolPrefix = "feed-"

// manifestName is the file a remote feed of many files lists them in.
const manifestName = "manifest.json"

// Lister is what a Parser may also be: one whose feeds list their files in a
// manifest.json, as MISP's do.
type Lister interface {
	// Files reads a manifest: the files beside it, and for each a version
	// that changes when the file does.
	Files(manifest io.Reader) ([]ManifestFile, error)
}

// ManifestFile is one file of a feed.
type ManifestFile struct{ Name, Version string }

// lister returns the parser that reads the manifest of f, if that is what f is.
func (s *Service) lister(f Feed, u *url.URL) Lister {
	if path.Base(u.Path) != manifestName {
		return nil
	}
	for _, p := range s.cfg.Parsers {
		if l, ok := p.(Lister); ok && (f.Kind == "" || f.Kind == p.Kind()) {
			return l
		}
	}
	return nil
}

// openListed fetches the files of a manifest that are new or changed since the
// last good run. Files that are listed but missing are left for the next run.
func (s *Service) openListed(ctx context.Context, l Lister, req fetch.Request, manifest io.Reader, st *State, run *Run) (body, error) {
	files, err := l.Files(manifest)
	if err != nil {
		return body{}, err
	}
	dir, err := os.MkdirTemp(s.cfg.SpoolDir, SpoolPrefix+"*")
	if err != nil {
		return body{}, err
	}
	b := body{walk: walkPath(dir), partial: true, unchanged: true, remove: func() { _ = os.RemoveAll(dir) }}
	base, err := url.Parse(req.URL)
	if err != nil {
		b.remove()
		return body{}, err
	}
	versions := make(map[string]string, len(files))
	for _, f := range files {
		if old, ok := st.Files[f.Name]; ok && old == f.Version {
			versions[f.Name] = f.Version
			continue
		}
		one := fetch.Request{URL: base.ResolveReference(&url.URL{Path: f.Name}).String(), Header: req.Header}
		n, err := s.fetchInto(ctx, one, filepath.Join(dir, path.Base(f.Name)))
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			b.remove()
			return body{}, fmt.Errorf("fetch %s: %w", f.Name, err)
		}
		run.Bytes += n
		versions[f.Name] = f.Version
		b.unchanged = false
	}
	st.Files = versions
	return b, nil
}

func (s *Service) fetchInto(ctx context.Context, req fetch.Request, file string) (int64, error) {
	res, err := s.cfg.Fetch.Do(ctx, req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	out, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, res.Body)
	return n, errors.Join(err, out.Close())
}

package fetch

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Limits bound what one Walk may unpack. Zero fields take the default.
type Limits struct {
	Bytes   int64 // of all decompressed members together; default 16 GiB
	Ratio   int64 // decompressed : compressed of one member, beyond 16 MiB; default 1000
	Members int   // of all archives together; default 200,000
	Spool   int64 // of a zip archive that must be copied to a temporary file; default 2 GiB, in memory 256 MiB
	Links   bool  // symbolic links in a directory are followed: it belongs to who runs this
	Memory  bool  // such a copy is made in memory: nothing of it is to be on a disk
	// Skip is told why one file of a directory, or one member, cannot be read or
	// unpacked, and the walk goes on; also when it is packed in a way that is not known, or
	// full of events that are not text. Nil: the walk ends there, and what is packed
	// otherwise or no text is handed over as it is.
	Skip func(err error)
}

// Walk reads path and calls fn for each file it finds: the file itself, every
// regular file of a directory tree in sorted order (names that begin with a dot
// are left out), the decompressed content of a .gz, .zst, .bz2 or .xz, each member of a
// .zip, .tar or packed .tar. Text in UTF-16 comes as UTF-8. An archive in an archive is opened once more;
// deeper ones are handed over as they are. "-" is standard input.
//
// name is the path, for members followed by "/" and the member's cleaned name.
// r is valid until fn returns; fn need not read it to the end. An error of fn
// ends the walk and is returned unchanged, unless it is the reader's and Skip is
// there. A member that breaks a limit gives an errs.Invalid that names it.
func Walk(path string, lim Limits, fn func(name string, r io.Reader) error) error {
	w := newWalker(lim, fn)
	if path == "-" {
		return w.stream("-", os.Stdin, 0)
	}
	return w.path(path)
}

// path reads a file, or all files of a directory.
func (w *walker) path(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return openError(path, err)
	}
	if !info.IsDir() {
		return w.pass(w.file(path))
	}
	root, err := realPath(path)
	if err != nil {
		return openError(path, err)
	}
	w.roots = append(w.roots, root)
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		rel, e := filepath.Rel(root, p)
		if e != nil {
			return e
		}
		named := filepath.Join(path, rel) // as it was given
		switch {
		case err != nil:
			return w.pass(openError(named, err))
		case p != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0 && w.lim.Links:
			return w.link(named)
		case !d.Type().IsRegular():
			return nil
		}
		return w.pass(w.file(named))
	})
}

// link reads what a symbolic link leads to, unless the walk comes by it anyway.
func (w *walker) link(path string) error {
	target, err := realPath(path)
	if err != nil {
		return w.pass(openError(path, err))
	}
	for _, root := range w.roots {
		if comesBy(root, target) || comesBy(target, root) {
			return nil
		}
	}
	if info, err := os.Stat(target); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil
	}
	return w.pass(w.path(path))
}

// comesBy says whether a walk of root reads a path below it.
func comesBy(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel) && (rel == "." || !strings.HasPrefix(rel, ".") && !strings.Contains(rel, string(filepath.Separator)+"."))
}

// realPath is a path without links.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// WalkReader is Walk for a stream that is already open, such as a download.
func WalkReader(name string, r io.Reader, lim Limits, fn func(name string, r io.Reader) error) error {
	return newWalker(lim, fn).stream(name, r, 0)
}

type walker struct {
	lim     Limits
	left    int64
	members int
	roots   []string // directories that are walked, without links
	fn      func(name string, r io.Reader) error
}

func newWalker(lim Limits, fn func(string, io.Reader) error) *walker {
	lim.Bytes = cmp.Or(lim.Bytes, 16<<30)
	lim.Ratio = cmp.Or(lim.Ratio, 1000)
	lim.Members = cmp.Or(lim.Members, 200_000)
	if lim.Memory {
		lim.Spool = cmp.Or(lim.Spool, 256<<20)
	}
	lim.Spool = cmp.Or(lim.Spool, 2<<30)
	return &walker{lim: lim, left: lim.Bytes, fn: fn}
}

// pass tells Skip of what keeps one file from being read.
func (w *walker) pass(err error) error {
	if err == nil || w.lim.Skip == nil {
		return err
	}
	switch errs.CodeOf(err) {
	case "archive_broken", "archive_encrypted", "archive_packed", "compression_bomb", "file_not_readable", "no_such_file", "not_text":
		w.lim.Skip(err)
		return nil
	}
	return err
}

func (w *walker) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return openError(path, err)
	}
	defer f.Close()
	return w.stream(path, f, 0)
}

func openError(path string, err error) error {
	switch {
	case os.IsNotExist(err):
		return errs.New(errs.NotFound, "no_such_file", "%s does not exist.", path)
	case os.IsPermission(err):
		return errs.New(errs.Denied, "file_not_readable", "%s may not be read; check its permissions.", path)
	}
	return errs.New(errs.Unavailable, "file_not_readable", "%s cannot be read.", path).Because(err)
}

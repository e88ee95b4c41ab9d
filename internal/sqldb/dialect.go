package sqldb

import (
	"bytes"
	"io"
	"io/fs"
	"regexp"
	"time"
)

// dialect is a directory of .sql files as one engine reads them: what stands in a
// comment "/*sqlite: ... */" or "/*postgres: ... */" of that engine is text, of the
// other it stays a comment.
type dialect struct {
	fs.FS
	engine Engine
}

var forEngine = regexp.MustCompile(`/\*(sqlite|postgres):\s*(.*?)\s*\*/`)

// Open implements fs.FS.
func (d dialect) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	text = forEngine.ReplaceAllFunc(text, func(m []byte) []byte {
		if part := forEngine.FindSubmatch(m); Engine(part[1]) == d.engine {
			return part[2]
		}
		return nil
	})
	return &script{bytes.NewReader(text), info}, nil
}

// ReadDir implements fs.ReadDirFS.
func (d dialect) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.FS, name) }

// script is a file whose text is in memory.
type script struct {
	*bytes.Reader
	about fs.FileInfo
}

func (s *script) Stat() (fs.FileInfo, error) { return s, nil }
func (s *script) Close() error               { return nil }
func (s *script) Name() string               { return s.about.Name() }
func (s *script) Size() int64                { return s.Reader.Size() }
func (s *script) Mode() fs.FileMode          { return s.about.Mode() }
func (s *script) ModTime() time.Time         { return s.about.ModTime() }
func (s *script) IsDir() bool                { return false }
func (s *script) Sys() any                   { return nil }

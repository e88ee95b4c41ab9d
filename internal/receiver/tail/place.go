package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// place is how far a file was read, and what is needed to go on there.
type place struct {
	fileID
	Path     string `json:"path"`
	Offset   int64  `json:"offset"`
	Head     uint32 `json:"head"`      // CRC-32C of the first HeadSize bytes: another
	HeadSize int64  `json:"head_size"` // file may get the inode, or a copy the name
	Skipping bool   `json:"skipping,omitempty"`
	Declared string `json:"declared,omitempty"`
	Format   string `json:"format,omitempty"`  // of the header in force
	Context  []byte `json:"context,omitempty"` // the header in force
	Table    string `json:"table,omitempty"`   // the header of the table whose rows the lines are
}

// maxHead is how many first bytes tell one file from another.
const maxHead = 1024

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sameHead reports whether f still begins as it did.
func (p *place) sameHead(f io.ReaderAt) bool {
	sum, err := headSum(f, p.HeadSize)
	return err == nil && sum == p.Head
}

// keepHead remembers how f begins, once enough of it was read. A file that was
// truncated in this moment is found out in the next round.
func (p *place) keepHead(f io.ReaderAt) {
	n := min(p.Offset, maxHead)
	if n <= p.HeadSize {
		return
	}
	if sum, err := headSum(f, n); err == nil {
		p.Head, p.HeadSize = sum, n
	}
}

func headSum(f io.ReaderAt, n int64) (uint32, error) {
	head := make([]byte, min(n, maxHead))
	if _, err := f.ReadAt(head, 0); err != nil {
		return 0, err
	}
	return crc32.Checksum(head, castagnoli), nil
}

type state struct {
	Version int     `json:"version"`
	Files   []place `json:"files"`
}

func loadPlaces(path string) (map[fileID]place, error) {
	out := map[fileID]place{}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the places in followed files: %w", err)
	}
	var s state
	if err := json.Unmarshal(raw, &s); err != nil || s.Version != 1 {
		return nil, fmt.Errorf("%s does not hold places in followed files (%v); remove it to read all of them from the start", path, err)
	}
	for _, p := range s.Files {
		out[p.fileID] = p
	}
	return out, nil
}

// save replaces the state file at once: it holds the old places or the new.
func (s state) save(path string) (err error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Package mmap shows a file as memory. [Open] maps it, [File.Bytes] are its
// bytes, [File.Close] lets go of them.
//
// Promises: the bytes are read only; what is replaced by a rename stays as it was
// for who has it open. Where the system cannot map it, the file is read. A file
// that is cut short while it is open ends the process when it is read: replace
// files, do not change them.
package mmap

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"
)

// File is an open file as memory.
type File struct {
	bytes  []byte
	mapped bool
}

// Open maps a file.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the mapping stays
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || uint64(st.Size()) > math.MaxInt {
		return nil, fmt.Errorf("map %s: it is no regular file of a size that can be mapped", path)
	}
	if st.Size() == 0 {
		return &File{}, nil
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(st.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err == nil {
		return &File{bytes: b, mapped: true}, nil
	}
	b, readErr := io.ReadAll(f)
	if readErr != nil {
		return nil, fmt.Errorf("map %s: %w", path, errors.Join(err, readErr))
	}
	return &File{bytes: b}, nil
}

// Bytes returns the file's bytes; they must not be changed, nor used after Close.
func (f *File) Bytes() []byte { return f.bytes }

// Close lets go of the memory.
func (f *File) Close() error {
	b := f.bytes
	f.bytes = nil
	if !f.mapped || b == nil {
		return nil
	}
	return syscall.Munmap(b)
}

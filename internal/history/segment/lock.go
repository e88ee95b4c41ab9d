package segment

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vedette-soc/vedette/internal/errs"
)

// lockFile makes a directory belong to one process. The lock is the kernel's: it
// ends with the process, however that ends.
const lockFile = "LOCK"

func lock(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the history: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		who := "another process"
		if pid := strings.TrimSpace(string(holder)); pid != "" {
			who = "process " + pid
		}
		return nil, errs.New(errs.Conflict, "history_locked",
			"The history in %s is in use by %s. Stop it first, or talk to the server that runs there.", dir, who).Because(err)
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write the lock of the history: %w", err)
	}
	return f, nil
}

// Lock makes the directory belong to this process, where the records themselves are
// kept elsewhere. Close gives it free again.
func Lock(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the history: %w", err)
	}
	f, err := lock(dir)
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

// Holds reports whether there is a record in dir.
func Holds(dir string) bool {
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log")) // the pattern is right
	for _, path := range logs {
		if info, err := os.Stat(path); err == nil && info.Size() > int64(headSize) {
			return true
		}
	}
	return false
}

// InUse reports whether a process has the history in dir open.
func InUse(dir string) bool {
	f, err := os.Open(filepath.Join(dir, lockFile))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // which also gives the lock free again
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// syncDir makes names created, renamed and removed in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

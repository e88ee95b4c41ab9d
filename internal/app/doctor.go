package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/segment"
)

// Check is one thing the doctor looked at.
type Check = api.Check

// Failed is the verdict of a check that failed.
const Failed = api.Fail

// answerWithin is how long a healthy server may take to say that it is there.
const answerWithin = 5 * time.Second

func good(name, format string, args ...any) api.Check {
	return api.Check{Name: name, Verdict: api.Good, Message: fmt.Sprintf(format, args...)}
}

func warn(name, do, format string, args ...any) api.Check {
	return api.Check{Name: name, Verdict: api.Warn, Message: fmt.Sprintf(format, args...), Do: do}
}

func fail(name, do, format string, args ...any) api.Check {
	return api.Check{Name: name, Verdict: api.Fail, Message: fmt.Sprintf(format, args...), Do: do}
}

// Doctor examines a configuration, as load gives it, and the data behind it: it
// asks the server when one runs, else it opens the data itself, without changing
// them.
func Doctor(ctx context.Context, load func() (config.Config, error)) []api.Check {
	c, err := load()
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return []api.Check{fail("configuration", "Correct the file; `vedette config` prints every key.", "%s", errs.Public(err))}
	}
	checks := []api.Check{good("configuration", "it can be read"), checkDirectory(c.Data)}
	if checks[1].Verdict == api.Fail {
		return checks
	}
	checks = append(checks, checkDisk(c.Data))
	running, server := checkServer(ctx, c)
	checks = append(checks, server)
	switch {
	case server.Verdict == api.Fail:
		return checks
	case running:
		more, err := askServer(ctx, c)
		if err != nil {
			return append(checks, fail("examination", "Look into the server's log.", "the server could not examine itself: %v", err))
		}
		return append(checks, more...)
	}
	return append(checks, examineFiles(ctx, c)...)
}

func checkDirectory(dir string) api.Check {
	const name = "data directory"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(name, "Name another with -data, or let `vedette serve` make it.", "%s does not exist", dir)
	case err != nil:
		return fail(name, "Run this as the user that Vedette runs as.", "%v", err)
	case !info.IsDir():
		return fail(name, "Move the file away.", "%s is a file", dir)
	case info.Mode().Perm()&0o077 != 0:
		return warn(name, "chmod 700 "+dir, "%s may be read by others (%v); it holds password hashes and every event", dir, info.Mode().Perm())
	}
	return good(name, "%s, only for its owner", dir)
}

// Free space below which the disk is worth a look, or too full to work.
const (
	warnFree = 5 << 30
	failFree = 256 << 20
)

func checkDisk(dir string) api.Check {
	const name = "disk"
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return warn(name, "Look at the disk by hand.", "its free space is not known: %v", err)
	}
	free, size := uint64(st.Bavail)*uint64(st.Bsize), st.Blocks*uint64(st.Bsize)
	text := fmt.Sprintf("%.1f of %.1f GiB are free", float64(free)/(1<<30), float64(size)/(1<<30))
	const do = "Free space, or lower history.max_bytes."
	switch {
	case free < failFree:
		return fail(name, do, "%s", text)
	case free < warnFree:
		return warn(name, do, "%s", text)
	}
	return good(name, "%s", text)
}

// checkServer says whether a server runs on the data directory and answers.
func checkServer(ctx context.Context, c config.Config) (running bool, check api.Check) {
	const name = "server"
	path := filepath.Join(c.Data, socketName)
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		if segment.InUse(filepath.Join(c.Data, historyName)) {
			return false, fail(name, "A socket's path has at most about 100 bytes: move the data directory, or restart the server.",
				"a process has the data open, but does not listen on %s", path)
		}
		return false, good(name, "none runs on this directory")
	}
	_ = conn.Close()
	client, err := Dial(ctx, c)
	if err != nil {
		return false, fail(name, "Restart the server.", "%v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var h struct {
		Version string `json:"version"`
	}
	if err := errors.Join(client.Call(ctx, "GET", "/health", nil, &h), client.Close()); err != nil {
		return false, fail(name, "Look into its log and restart it.", "it listens on %s, but does not answer: %v", path, err)
	}
	return true, good(name, "version %s answers on %s", h.Version, path)
}

func askServer(ctx context.Context, c config.Config) ([]api.Check, error) {
	client, err := Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	var p api.Page[api.Check]
	err = client.Call(ctx, "GET", "/doctor", nil, &p)
	return p.Items, errors.Join(err, client.Close())
}

package app_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
)

// TestBackupUnderLoad backs up while events arrive: what was acknowledged before
// the backup began must be in it, and the restored system must be sound.
func TestBackupUnderLoad(t *testing.T) {
	c := settings(apptest.Data(t))
	sys, err := app.Open(t.Context(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	listening, ended := make(chan app.Listening, 1), make(chan error, 1)
	go func() { ended <- sys.Run(ctx, func(l app.Listening) error { listening <- l; return nil }) }()
	l := <-listening
	client := dial(t, c)
	importText(t, client, "claims.csv", claims)
	var token struct{ Secret string }
	if err := client.Call(ctx, "POST", "/tokens", map[string]string{"name": "load", "role": "sender"}, &token); err != nil {
		t.Fatal(err)
	}
	var acknowledged atomic.Int64
	send := func() error {
		n := acknowledged.Load()
		body := strings.Repeat(fmt.Sprintf(`{"@timestamp":"2026-03-02T09:00:00Z","destination":{"ip":"45.10.20.30"},"message":"event %d"}`+"\n", n), 50)
		r, err := http.NewRequestWithContext(ctx, "POST", l.Intake+"/v1/events", strings.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token.Secret)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("the intake answered %s", res.Status)
		}
		acknowledged.Add(50)
		return nil
	}
	for range 20 {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	enough, loaded := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-enough:
				loaded <- nil
				return
			default:
			}
			if err := send(); err != nil {
				loaded <- err
				return
			}
		}
	}()
	before := acknowledged.Load()
	var b bytes.Buffer
	var report api.BackupReport
	if err := client.Stream(ctx, "/backup", &b, &report); err != nil {
		t.Fatal(err)
	}
	close(enough)
	if err := <-loaded; err != nil {
		t.Fatal(err)
	}
	for _, check := range app.Doctor(ctx, fixed(c)) { // beside the running server
		if check.Verdict == api.Fail {
			t.Errorf("running: %+v", check)
		}
	}
	stop()
	if err := errors.Join(<-ended, sys.Close()); err != nil {
		t.Fatal(err)
	}

	c.Data = filepath.Join(t.TempDir(), "restored")
	_, checks, err := app.Restore(t.Context(), &b, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range checks {
		if check.Verdict == api.Fail {
			t.Errorf("restored: %+v", check)
		}
	}
	restored := dial(t, c)
	if got := len(facts(t, restored)); got != strings.Count(claims, "\n")-1 {
		t.Errorf("%d indicators were restored", got)
	}
	for _, id := range []int64{1, before / 2, before} {
		var e struct{ Raw string }
		if err := restored.Call(t.Context(), "GET", fmt.Sprintf("/events/%d", id), nil, &e); err != nil || !strings.Contains(e.Raw, "45.10.20.30") {
			t.Errorf("event %d of the %d acknowledged before: %v, %q", id, before, err, e.Raw)
		}
	}
	var v struct{ Whole bool }
	if err := restored.Call(t.Context(), "GET", "/audit/verify", nil, &v); err != nil || !v.Whole {
		t.Errorf("the audit log is not whole: %v", err)
	}
}

// tarball makes a backup by hand.
func tarball(t *testing.T, entries ...tar.Header) io.Reader {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, h := range entries {
		body := h.Uname // carries the content
		h.Uname, h.Size, h.Mode = "", int64(len(body)), 0o600
		if h.Typeflag != 0 && h.Typeflag != tar.TypeReg {
			h.Size, body = 0, ""
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestRestoreRefuses(t *testing.T) {
	file := func(name, body string) tar.Header { return tar.Header{Name: name, Uname: body} }
	list := file("manifest.json", `{"format":1,"database":"sqlite","files":[]}`)
	for name, backup := range map[string]io.Reader{
		"nothing":         strings.NewReader(""),
		"no archive":      strings.NewReader("hello"),
		"no list":         tarball(t, file("tail.json", "{}")),
		"upwards":         tarball(t, file("../evil", "x"), list),
		"upwards inside":  tarball(t, file("history/../../evil", "x"), list),
		"absolute":        tarball(t, file("/tmp/evil", "x"), list),
		"foreign name":    tarball(t, file("history/evil.sh", "x"), list),
		"link":            tarball(t, tar.Header{Name: "tail.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, list),
		"directory":       tarball(t, tar.Header{Name: "history", Typeflag: tar.TypeDir}, list),
		"twice":           tarball(t, file("tail.json", "{}"), file("tail.json", "{}"), list),
		"not on the list": tarball(t, file("tail.json", "{}"), list),
		"absent":          tarball(t, file("manifest.json", `{"format":1,"files":[{"name":"tail.json","size":2,"sha256":""}]}`)),
		"changed": tarball(t, file("tail.json", "[]"), // the sum is that of {}
			file("manifest.json", `{"format":1,"files":[{"name":"tail.json","size":2,"sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}]}`)),
		"newer": tarball(t, file("manifest.json", `{"format":2}`)),
	} {
		t.Run(name, func(t *testing.T) {
			c := settings(filepath.Join(t.TempDir(), "new"))
			_, _, err := app.Restore(t.Context(), backup, c)
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("error %v, want an errs.Invalid", err)
			}
			if left, err := os.ReadDir(c.Data); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestDoctorFinds(t *testing.T) {
	for name, harm := range map[string]struct {
		check string
		do    func(t *testing.T, dir string)
		want  api.Verdict
	}{
		"nothing": {"history", func(*testing.T, string) {}, api.Good},
		"an open directory": {"data directory", func(t *testing.T, dir string) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}, api.Warn},
		"a broken database": {"database", func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "vedette.db"), 0, "broken") }, api.Fail},
		"a broken segment": {"history", func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "history", "00000000000000000001.log"), 0, "broken")
		}, api.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			c := settings(apptest.Data(t))
			client, err := app.Dial(t.Context(), c)
			if err == nil {
				err = client.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			harm.do(t, c.Data)
			checks := app.Doctor(t.Context(), fixed(c))
			for _, got := range checks {
				if got.Name == harm.check {
					if got.Verdict != harm.want || got.Verdict != api.Good && got.Do == "" {
						t.Errorf("%+v, want %s", got, harm.want)
					}
					return
				}
			}
			t.Errorf("no check %q in %+v", harm.check, checks)
		})
	}
}

func overwrite(t *testing.T, path string, at int64, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(text), at)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func fixed(c config.Config) func() (config.Config, error) {
	return func() (config.Config, error) { return c, nil }
}

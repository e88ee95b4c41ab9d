package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/supervise"
)

// leakKeyName is the file with the key of the fingerprints of leaked passwords. Without
// it a collection that comes again looks new.
const leakKeyName = "leak.key"

// leakKey returns the key of a data directory, which is made when it is first needed.
func leakKey(dir string) func() ([]byte, error) {
	var mu sync.Mutex
	path := filepath.Join(dir, leakKeyName)
	return func() ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if err = makeLeakKey(dir, path); err == nil {
				text, err = os.ReadFile(path)
			}
		}
		if err != nil {
			return nil, errs.New(errs.Unavailable, "leak_key_unusable", "The key of leaked passwords, %s, cannot be read or made; check the permissions of the directory.", path).Because(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			return nil, errs.New(errs.Invalid, "leak_key_open", "Others may read %s: take that from them (chmod 600) before anything is imported.", path)
		}
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != credential.KeySize {
			return nil, errs.New(errs.Invalid, "leak_key_damaged", "%s is no key; restore it from a backup. Without it, what was imported before cannot be told from what is new.", path)
		}
		return key, nil
	}
}

// makeLeakKey makes the key whole or not at all.
func makeLeakKey(dir, path string) error {
	key := make([]byte, credential.KeySize)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	f, err := os.CreateTemp(dir, leakKeyName+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// buildLeaks opens what is known of leaked accounts.
func (s *System) buildLeaks() {
	s.leaks = leak.New(leak.Config{Store: s.store.Leaks(), Own: pipeline.Ours{Org: s.org}, Key: leakKey(s.opt.Config.Data), Keep: s.opt.Config.Leaks.Keep})
	s.leaked = &pipeline.Leaked{Leak: s.leaks, Org: s.org, Alerts: s.store.Concerns()}
}

// openHIBP makes ready what asks Have I Been Pwned. Its key is read only where it is asked.
func (s *System) openHIBP() error {
	c := s.opt.Config.Leaks
	if c.HIBPKey == "" {
		return nil
	}
	key, err := config.Reveal(c.HIBPKey)
	if err != nil {
		return err
	}
	client, err := fetchClient(s.opt.Config.Fetch)
	if err != nil {
		return err
	}
	s.hibp = leak.NewSource(s.leaks, leak.SourceConfig{URL: c.HIBPURL, Key: key, Every: c.HIBPEvery, Fetch: client})
	return nil
}

// leakWorkers forget what is too old, and ask for what is new.
func (s *System) leakWorkers() []supervise.Worker {
	list := []supervise.Worker{{Name: "leaked accounts", Run: s.leaks.Run}}
	if s.hibp != nil {
		list = append(list, supervise.Worker{Name: "Have I Been Pwned", Run: s.hibp.Run})
	}
	return list
}

// leakBook is what people are told of them.
func (s *System) leakBook() *pipeline.LeakBook {
	return &pipeline.LeakBook{Leak: s.leaks, Org: s.org, Alerts: s.store.Concerns()}
}

// leaks looks whether what is known can still be told from what comes.
func (x *examination) leaks() {
	list, err := x.store.Leaks().Records(x.ctx, 1)
	switch {
	case err != nil:
		x.add(fail("leaked accounts", doRestore, "%v", err))
	case len(list) == 0:
		return
	default:
		path := filepath.Join(x.config.Data, leakKeyName)
		info, err := os.Stat(path)
		switch {
		case err != nil:
			x.add(warn("leaked accounts", "Restore leak.key from a backup.", "%s is not there: what was imported before cannot be told from what is new", path))
		case info.Mode().Perm()&0o077 != 0:
			x.add(warn("leaked accounts", "chmod 600 "+path, "others may read %s, the key of the fingerprints", path))
		default:
			x.add(good("leaked accounts", "the key of the fingerprints is there"))
		}
	}
}

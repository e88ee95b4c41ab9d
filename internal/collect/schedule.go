package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"time"

	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/ref"
)

// Run is the scheduler, a worker: it runs every enabled feed when it is due.
func (s *Service) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	for {
		wait, err := s.runDue(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-time.After(wait):
		}
	}
}

// runDue runs what is due and returns how long nothing will be.
func (s *Service) runDue(ctx context.Context) (time.Duration, error) {
	feeds, err := s.Feeds(ctx)
	if err != nil {
		return 0, err
	}
	for _, v := range feeds {
		if !v.Known || !v.Feed.Enabled || s.now().Before(v.State.NextRun) {
			continue
		}
		if _, err := s.run(ctx, v); err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "feed run failed", "feed", v.Feed.ID, "error", err)
		}
	}
	wait := time.Hour
	if feeds, err = s.Feeds(ctx); err != nil {
		return 0, err
	}
	for _, v := range feeds {
		if v.Known && v.Feed.Enabled {
			wait = min(wait, max(time.Until(v.State.NextRun), time.Second))
		}
	}
	return wait, nil
}

// RunNow runs a feed at once, whether it is due or not. The error says why a run
// failed or was held back; the Run tells the rest.
func (s *Service) RunNow(ctx context.Context, id string) (Run, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Run{}, err
	}
	v, err := s.view(ctx, id)
	if err != nil {
		return Run{}, err
	}
	return s.run(ctx, v)
}

func (s *Service) run(ctx context.Context, v View) (Run, error) {
	if !s.claim(v.Feed.ID) {
		return Run{}, errs.New(errs.Conflict, "feed_running", "The feed %q is being read already.", v.Feed.ID)
	}
	defer s.release(v.Feed.ID)
	f, st := v.Feed, v.State
	run := Run{ID: newID(), Feed: f.ID, Input: f.URL, Started: s.now().UTC()}
	before := st.Files
	st.Feed, st.LastRun = f.ID, run.Started
	err := s.read(ctx, f, &st, &run)
	run.Finished = s.now().UTC()
	if err != nil {
		run.Error = err.Error()
		if e := errs.Public(err); errs.KindOf(err) != errs.Internal {
			run.Error = e
		}
		st.Failures++
		st.ETag, st.LastModified, st.BodyHash, st.Files = "", "", "", before // what failed must be read again
		st.NextRun = run.Finished.Add(min(fetch.Backoff(st.Failures, minInterval, err), max(f.Interval, 6*time.Hour)))
		if run.Outcome == "" {
			run.Outcome = "failed"
			st.Health, st.Message = Dead, run.Error
			if errs.KindOf(err) == errs.Invalid {
				st.Health = Changed
			}
		}
	} else {
		st.Failures, st.LastGood = 0, run.Finished
		if st.Health != Poisoned {
			st.Health, st.Message = OK, ""
		}
		st.NextRun = run.Finished.Add(max(f.Interval, minInterval))
	}
	if saveErr := s.cfg.Store.SaveRun(context.WithoutCancel(ctx), run, st); saveErr != nil && err == nil {
		err = saveErr
	}
	return run, err
}

func (s *Service) claim(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[id] {
		return false
	}
	s.running[id] = true
	return true
}

func (s *Service) release(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// body is what a feed answered: walk reads it as often as needed.
type body struct {
	walk      func(fn func(string, io.Reader) error) error
	unchanged bool
	partial   bool // only what is new: its size says nothing about the feed
	whole     bool // all there is, so that what is not in it is withdrawn
	remove    func()
}

// read fetches, judges and stores a feed.
func (s *Service) read(ctx context.Context, f Feed, st *State, run *Run) error {
	b, err := s.open(ctx, f, st, run)
	if err != nil {
		return err
	}
	defer b.remove()
	if b.unchanged {
		run.Outcome = "unchanged"
		return nil
	}
	// First only count: a feed that is not what it was must not touch what is live.
	dry := &intake{ctx: ctx, source: f.ID, run: run.ID, guard: s.cfg.Knowledge.Suspicious, rough: true}
	err = dry.readAll(b.walk, s.cfg.Parsers, f.Kind, f.Options)
	run.Report, run.Samples, run.Objects = dry.report, dry.samples, dry.objects
	if err != nil {
		return err
	}
	if h, why := judge(dry, *st, b.partial); h != OK {
		run.Outcome, st.Health, st.Message = "held", h, why
		return errs.New(errs.Conflict, "feed_held", "%s", why)
	}
	in := &intake{ctx: ctx, knowledge: s.cfg.Knowledge, source: f.ID, run: run.ID, guard: s.cfg.Knowledge.Suspicious}
	err = in.readAll(b.walk, s.cfg.Parsers, f.Kind, f.Options)
	run.Report, run.Samples, run.Objects = in.report, in.samples, in.objects
	if err != nil {
		return err
	}
	if (f.Snapshot || b.whole) && !b.partial {
		if run.Withdrawn, err = s.cfg.Knowledge.Withdraw(ctx, f.ID, run.ID); err != nil {
			return err
		}
	}
	run.Outcome, st.Health, st.Message = "stored", OK, ""
	if n := in.report.Dropped["own-asset"]; n > 0 {
		st.Health = Poisoned
		st.Message = fmt.Sprintf("It lists %d of our own assets; they were dropped. Ask whether this feed can be trusted.", n)
	}
	st.Acknowledged = false
	if !b.partial {
		st.UsualSize = in.usable()
	}
	return s.cfg.Knowledge.Done(ctx, f.ID, run.ID)
}

// judge compares a run that only counted with what the feed usually is.
func judge(in *intake, st State, partial bool) (Health, string) {
	n, usual := in.usable(), st.UsualSize
	if partial {
		usual = 0
	}
	switch {
	case n == 0 && !st.Acknowledged:
		return Empty, fmt.Sprintf("It held nothing usable (%d entries read). The last good set stays live. Look at the samples of the run; acknowledge if this is right.", in.report.In)
	case st.Acknowledged:
		return OK, ""
	case in.report.In >= 20 && n < in.report.In/2:
		return Changed, fmt.Sprintf("Only %d of %d entries could be read: its format is not what it was. The last good set stays live; correct the feed's kind or columns, or acknowledge.", n, in.report.In)
	case usual >= 100 && n > 5*usual:
		return Exploded, fmt.Sprintf("It grew from %d to %d entries. The last good set stays live; acknowledge if this is right.", usual, n)
	case usual >= 100 && n < usual/5:
		return Empty, fmt.Sprintf("It shrank from %d to %d entries. The last good set stays live; acknowledge if this is right.", usual, n)
	}
	return OK, ""
}

func (s *Service) open(ctx context.Context, f Feed, st *State, run *Run) (body, error) {
	none := func() {}
	u, err := url.Parse(f.URL)
	if err != nil || u.Scheme == "" || u.Scheme == "file" {
		p := f.URL
		if err == nil && u.Scheme == "file" {
			p = u.Path
		}
		return body{walk: walkPath(p), remove: none}, nil
	}
	req := fetch.Request{URL: f.URL, ETag: st.ETag, LastModified: st.LastModified}
	if f.Auth != "" {
		secret, err := config.Reveal(f.Auth)
		if err != nil {
			return body{}, err
		}
		req.Header = map[string][]string{"Authorization": {secret.Reveal()}}
	}
	if objects := taxiiObjects(u); objects != nil {
		return s.openPaged(ctx, objects, req, st, run)
	}
	res, err := s.cfg.Fetch.Do(ctx, req)
	if err != nil {
		return body{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.Status == fetch.NotModified {
		return body{unchanged: true, remove: none}, nil
	}
	file, sum, n, err := s.spool(res.Body)
	if err != nil {
		return body{}, err
	}
	remove := func() { _ = file.Close() }
	run.Bytes = n
	st.ETag, st.LastModified = res.ETag, res.LastModified
	if sum == st.BodyHash {
		return body{unchanged: true, remove: remove}, nil
	}
	st.BodyHash = sum
	if l := s.lister(f, u); l != nil {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return body{}, err
		}
		b, err := s.openListed(ctx, l, req, file, st, run)
		remove()
		return b, err
	}
	name := path.Base(u.Path)
	walk := func(fn func(string, io.Reader) error) error {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return fetch.WalkReader(name, file, fetch.Limits{}, fn)
	}
	return body{walk: walk, remove: remove}, nil
}

// spool copies a body to a file, so that it can be read twice. The file has no
// name any more: it goes when it is closed, even by a crash.
func (s *Service) spool(r io.Reader) (file *os.File, sum string, n int64, err error) {
	f, err := os.CreateTemp(s.cfg.SpoolDir, SpoolPrefix+"*")
	if err != nil {
		return nil, "", 0, err
	}
	h := sha256.New()
	err = os.Remove(f.Name())
	if err == nil {
		n, err = io.Copy(io.MultiWriter(f, h), r)
	}
	if err != nil {
		_ = f.Close()
		return nil, "", 0, err
	}
	return f, hex.EncodeToString(h.Sum(nil)), n, nil
}

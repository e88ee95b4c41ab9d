package collect

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// What is added to a collection comes page by page; what a server takes away says
// nothing. So once a day the collection's manifest (OASIS TAXII 2.1, 5.6) is held
// against what it listed the time before: when something of that is missing, all is read
// again, and what is no longer there is withdrawn.

const (
	// listing is the name under which State.Files keeps what the manifest listed.
	listing = "taxii manifest"
	// manifestEvery is how often it is read.
	manifestEvery = 24 * time.Hour
	// maxManifest bounds one page of it, in bytes.
	maxManifest = 64 << 20
)

// listed is what a manifest held up to a moment: how many entries, and the sum of their
// hashes, in whatever order they came.
type listed struct {
	Read time.Time `json:"read"`
	To   string    `json:"to"` // date_added of the last entry
	N    int       `json:"n"`
	Sum  uint64    `json:"sum"`
}

// manifestEntry is one line of a manifest.
type manifestEntry struct {
	ID      string `json:"id"`
	Added   string `json:"date_added"`
	Version string `json:"version"`
}

func (l *listed) add(e manifestEntry) {
	h := fnv.New64a()
	_, _ = io.WriteString(h, e.ID+"\x00"+e.Version+"\x00"+e.Added)
	l.N++
	l.Sum += h.Sum64()
	if later(e.Added, l.To) {
		l.To = e.Added
	}
}

// later compares two moments as TAXII writes them.
func later(a, b string) bool {
	t, err := time.Parse(time.RFC3339Nano, a)
	if err != nil {
		return false
	}
	u, err := time.Parse(time.RFC3339Nano, b)
	return err != nil || t.After(u)
}

// takenAway reads the manifest when that is due, and reports whether something that it
// listed the time before is missing. now is what it lists, to be kept. A server that
// gives none out, or breaks off, is asked again the next day.
func (s *Service) takenAway(ctx context.Context, objects *url.URL, header map[string][]string, kept string) (gone bool, now string) {
	var before listed
	if json.Unmarshal([]byte(kept), &before) == nil && s.now().Sub(before.Read) < manifestEvery {
		return false, kept
	}
	was, is := listed{}, listed{Read: s.now().UTC()}
	err := s.manifest(ctx, objects, header, func(e manifestEntry) {
		is.add(e)
		if !later(e.Added, before.To) {
			was.add(e)
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			s.cfg.Log.DebugContext(ctx, "a collection's manifest was not read", "url", objects.Redacted(), "error", err)
		}
		is = listed{Read: is.Read, To: before.To, N: before.N, Sum: before.Sum}
		was = before
	}
	gone = before.N > 0 && (was.N != before.N || was.Sum != before.Sum)
	b, err := json.Marshal(is)
	if err != nil {
		return false, kept
	}
	return gone, string(b)
}

// manifest calls fn with every entry, over all pages.
func (s *Service) manifest(ctx context.Context, objects *url.URL, header map[string][]string, fn func(manifestEntry)) error {
	one := *objects
	one.Path = strings.TrimSuffix(objects.Path, "objects/") + "manifest/"
	next := ""
	for range maxPages {
		q := objects.Query()
		if next != "" {
			q.Set("next", next)
		}
		one.RawQuery = q.Encode()
		more, err := s.manifestPage(ctx, fetch.Request{URL: one.String(), Header: header}, fn)
		if err != nil {
			return err
		}
		if more == "" {
			return nil
		}
		if more == next {
			return errors.New("the manifest gives out the same page again")
		}
		next = more
	}
	return errors.New("the manifest does not end")
}

// manifestPage reads one page; next is empty on the last one.
func (s *Service) manifestPage(ctx context.Context, req fetch.Request, fn func(manifestEntry)) (next string, err error) {
	res, err := s.cfg.Fetch.Do(ctx, req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var page struct {
		More    bool            `json:"more"`
		Next    string          `json:"next"`
		Objects []manifestEntry `json:"objects"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxManifest)).Decode(&page); err != nil {
		return "", errs.New(errs.Invalid, "taxii_manifest", "The server's manifest is no JSON object of at most %d bytes.", maxManifest).Because(err)
	}
	for _, e := range page.Objects {
		fn(e)
	}
	if !page.More {
		return "", nil
	}
	if page.Next == "" { // 5.6 leaves such servers no way to go on
		return "", errors.New("the manifest says that there is more, but not where")
	}
	return page.Next, nil
}

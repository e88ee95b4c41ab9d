package collect

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// A feed whose URL is that of a collection of a TAXII 2.1 server is read page by
// page, and next time only from where it ended (OASIS TAXII 2.1, 5.4).

const (
	taxiiAccept = "application/taxii+json;version=2.1"
	// addedAfter is the name under which State.Files keeps the moment of the last
	// object taken.
	addedAfter = "taxii added_after"
	maxPages   = 100_000
)

var collectionPath = regexp.MustCompile(`/collections/[^/]+(/objects)?/?$`)

// taxiiObjects returns the address of a collection's objects; nil for a URL that
// is none of a collection.
func taxiiObjects(u *url.URL) *url.URL {
	if !collectionPath.MatchString(u.Path) {
		return nil
	}
	objects := *u
	objects.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/objects") + "/objects/"
	return &objects
}

// openPaged fetches all pages there are since the last good run.
func (s *Service) openPaged(ctx context.Context, objects *url.URL, req fetch.Request, st *State, run *Run) (body, error) {
	dir, err := os.MkdirTemp(s.cfg.SpoolDir, SpoolPrefix+"*")
	if err != nil {
		return body{}, err
	}
	header := map[string][]string{"Accept": {taxiiAccept}}
	for name, values := range req.Header {
		header[name] = values
	}
	since, gone, lists := st.Files[addedAfter], false, ""
	if since != "" {
		gone, lists = s.takenAway(ctx, objects, header, st.Files[listing])
	}
	if gone {
		since = "" // all of it again: what is not there is withdrawn
	}
	b := body{whole: gone, walk: walkPath(dir), partial: since != "", unchanged: true, remove: func() { _ = os.RemoveAll(dir) }}
	last, next := since, ""
	for n := 1; ; n++ {
		if n > maxPages {
			b.remove()
			return body{}, errs.New(errs.Invalid, "taxii_endless", "%s gave out %d pages and wants to go on; ask its operator.", objects.Redacted(), maxPages)
		}
		q := objects.Query()
		if since != "" {
			q.Set("added_after", since)
		}
		if next != "" {
			q.Set("next", next)
		}
		one := *objects
		one.RawQuery = q.Encode()
		page, err := s.fetchPage(ctx, fetch.Request{URL: one.String(), Header: header}, filepath.Join(dir, fmt.Sprintf("page-%06d.json", n)))
		if err != nil {
			b.remove()
			return body{}, fmt.Errorf("fetch page %d: %w", n, err)
		}
		run.Bytes += page.bytes
		b.unchanged = b.unchanged && page.objects == 0
		if page.last != "" {
			last = page.last
		}
		switch {
		case !page.more:
			b.unchanged = b.unchanged && !gone
			st.Files = map[string]string{addedAfter: last, listing: lists}
			return b, nil
		case page.next != "":
			next = page.next
		case page.last != "" && page.last != since: // a server without cursors
			since, next = page.last, ""
		default:
			b.remove()
			return body{}, errs.New(errs.Invalid, "taxii_stuck", "%s says that there is more, but not where: neither next nor X-TAXII-Date-Added-Last.", objects.Redacted())
		}
	}
}

// taxiiPage is what one answer says of itself.
type taxiiPage struct {
	more    bool
	next    string
	last    string // X-TAXII-Date-Added-Last
	objects int
	bytes   int64
}

func (s *Service) fetchPage(ctx context.Context, req fetch.Request, file string) (taxiiPage, error) {
	var p taxiiPage
	res, err := s.cfg.Fetch.Do(ctx, req)
	if err != nil {
		return p, err
	}
	defer func() { _ = res.Body.Close() }()
	if at := res.Header.Get("X-TAXII-Date-Added-Last"); at != "" {
		if _, err := time.Parse(time.RFC3339Nano, at); err == nil {
			p.last = at
		}
	}
	out, err := os.Create(file)
	if err != nil {
		return p, err
	}
	p.bytes, err = io.Copy(out, res.Body)
	if err = errors.Join(err, out.Close()); err != nil {
		return p, err
	}
	return p, p.read(file)
}

// read finds out whether there is more. The objects are read by the parser.
func (p *taxiiPage) read(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	dec := json.NewDecoder(bufio.NewReader(f))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return notAnEnvelope(err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return notAnEnvelope(err)
		}
		switch key {
		case "more":
			err = dec.Decode(&p.more)
		case "next":
			err = dec.Decode(&p.next)
		case "objects":
			err = p.count(dec)
		default:
			var skip json.RawMessage
			err = dec.Decode(&skip)
		}
		if err != nil {
			return notAnEnvelope(err)
		}
	}
	return nil
}

func (p *taxiiPage) count(dec *json.Decoder) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(err, errors.New("objects is no list"))
	}
	for dec.More() {
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return err
		}
		p.objects++
	}
	_, err := dec.Token()
	return err
}

func notAnEnvelope(err error) error {
	return errs.New(errs.Invalid, "taxii_envelope", "The server answered with something that is no TAXII 2.1 envelope; check the URL: it ends in /collections/ID/objects/.").Because(err)
}

// Package misp reads what the MISP platform publishes: events, search results,
// lists of attributes, and the manifest of a feed. [Parser] implements
// collect.Parser; [ReadManifest] lists the events of a remote feed, each of which
// lies beside the manifest as UUID.json.
package misp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
)

// Parser reads MISP JSON.
type Parser struct{}

// Kind returns "misp".
func (Parser) Kind() string { return "misp" }

// Recognise knows MISP by the names of its members.
func (Parser) Recognise(name string, head []byte) int {
	s := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	switch {
	case s == "" || s[0] != '{' && s[0] != '[':
		return 0
	case strings.HasPrefix(s, `{"Event":{`), strings.HasPrefix(s, `[{"Event":{`):
		return 98
	case strings.HasPrefix(s, `{"response":`) && (strings.Contains(s, `"Event":`) || strings.Contains(s, `"Attribute":`)):
		return 98
	case strings.Contains(s, `"to_ids":`) && strings.Contains(s, `"category":`), strings.HasPrefix(s, `{"Attribute":[`):
		return 90
	case strings.HasSuffix(name, "manifest.json") && strings.Contains(s, `"Orgc":`):
		return 90
	case strings.Contains(s, `"threat_level_id":`) && strings.Contains(s, `"info":`):
		return 85
	}
	return 0
}

// Parse implements collect.Parser. It holds one event at a time, because what is
// said of the whole event may follow its attributes. Attributes that were not
// meant for detection (to_ids false) become claims of low confidence with the tag
// "to_ids:false".
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	src := &source{ctx: ctx, r: in.Reader, line: 1}
	d := &decoder{in: in, out: out, src: src}
	err := d.begin()
	for err == nil {
		err = d.value(0)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return d.fail(err)
}

func (d *decoder) fail(err error) error {
	if s, ok := err.(sinkError); ok {
		return s.error
	}
	if _, ours := errors.AsType[*errs.Error](err); ours {
		return err
	}
	if d.src.err != nil {
		if errors.Is(d.src.err, context.Canceled) || errors.Is(d.src.err, context.DeadlineExceeded) {
			return d.src.err
		}
		return errs.New(errs.Unavailable, "read_broken_off", "%s: reading broke off; get it again.", d.in.Name).Because(d.src.err)
	}
	line := d.line()
	if errors.Is(err, errTooLarge) {
		return errs.New(errs.Invalid, "misp_too_large", "%s, line %d: an event is larger than %d bytes; raise the limit or split the file.", d.in.Name, line, d.in.Memory())
	}
	return errs.New(errs.Invalid, "misp_broken", "%s, line %d (byte %d): not MISP from here on (%v); the %d attributes before it were read. Get the file again or repair it.",
		d.in.Name, line, d.json.InputOffset(), err, d.attributes)
}

// sinkError keeps the sink's own errors apart from those of the document.
type sinkError struct{ error }

// source counts lines, notices what ends it, and bounds what is held.
type source struct {
	ctx     context.Context
	r       io.Reader
	read    int64
	until   int64
	err     error
	line    int
	pending []int64
}

var errTooLarge = errors.New("an event or value is larger than the limit")

func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	if s.read >= s.until {
		return 0, errTooLarge
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.until-s.read)])
	for i, c := range p[:n] {
		if c == '\n' {
			s.pending = append(s.pending, s.read+int64(i))
		}
	}
	s.read += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// line returns the line that is being decoded.
func (d *decoder) line() int {
	off := d.json.InputOffset()
	i := 0
	for i < len(d.src.pending) && d.src.pending[i] < off {
		i++
	}
	d.src.line += i
	d.src.pending = d.src.pending[i:]
	return d.src.line
}

// ManifestEntry is one event of a remote feed.
type ManifestEntry struct {
	UUID      string
	Info      string
	Timestamp string // seconds since 1970, as written; changes when the event does
}

// ReadManifest reads a feed's manifest.json, at most limit events.
func ReadManifest(r io.Reader, limit int) ([]ManifestEntry, error) {
	dec := json.NewDecoder(io.LimitReader(r, 256<<20))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errs.New(errs.Invalid, "misp_manifest", "The manifest is no JSON object; check the feed's address.").Because(err)
	}
	var out []ManifestEntry
	for dec.More() {
		key, err := dec.Token()
		var e struct {
			Info      string          `json:"info"`
			Timestamp json.RawMessage `json:"timestamp"`
		}
		if err == nil {
			err = dec.Decode(&e)
		}
		if err != nil {
			return out, errs.New(errs.Invalid, "misp_manifest", "The manifest is broken after %d events; get it again.", len(out)).Because(err)
		}
		uuid, _ := key.(string)
		if !isUUID(uuid) {
			return out, errs.New(errs.Invalid, "misp_manifest", "The manifest names an event %.40q, which is no UUID.", uuid)
		}
		if len(out) == limit {
			return out, fmt.Errorf("read the manifest: %w", errs.New(errs.Invalid, "misp_manifest", "The manifest has more than %d events.", limit))
		}
		out = append(out, ManifestEntry{uuid, e.Info, strings.Trim(string(e.Timestamp), `"`)})
	}
	return out, nil
}

// maxListed is how many events of a manifest are taken.
const maxListed = 100_000

var _ collect.Lister = Parser{}

// Files implements collect.Lister: an event lies at UUID.json beside its manifest.
func (Parser) Files(manifest io.Reader) ([]collect.ManifestFile, error) {
	entries, err := ReadManifest(manifest, maxListed)
	if err != nil {
		return nil, err
	}
	files := make([]collect.ManifestFile, len(entries))
	for i, e := range entries {
		files[i] = collect.ManifestFile{Name: e.UUID + ".json", Version: e.Timestamp}
	}
	return files, nil
}

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		strings.Trim(s, "0123456789abcdefABCDEF-") == ""
}

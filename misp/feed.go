package misp

import (
	"archive/tar"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
)

// Limits of a feed: attributes of one event, and bytes held of all that are open.
const (
	feedEvent = 5000
	feedHeld  = 64 << 20
)

// feedIDs is the namespace of the ids of a feed's events.
var feedIDs = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://vedette-soc.github.io/misp-feed"))

// FeedWriter writes indicators as a MISP feed: a tar archive of one file for each
// event, UUID.json, and at its end manifest.json and hashes.csv. An event holds
// what bears one name, or of what has none what is of one type, in parts of at most
// 5,000 attributes. An event keeps its id from export to export; its timestamp is
// the last confirmation in it. It holds 64 MiB of attributes at most, and 20 bytes
// for each one written. Call [FeedWriter.Close] at the end.
type FeedWriter struct {
	tar      *tar.Writer
	title    string
	typeOf   func(name string) string
	open     map[string]*feedPart
	held     int
	manifest map[string]feedEntry
	ids      []string
	hashes   []feedHash
	now      time.Time
}

// feedPart is an event being filled.
type feedPart struct {
	group string
	part  int
	buf   bytes.Buffer
	count int
	last  time.Time
	first time.Time
	sums  [][md5.Size]byte
}

type feedHash struct {
	sum   [md5.Size]byte
	event int32
}

// feedOrg is who publishes.
type feedOrg struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

// feedEntry is an event in the manifest.
type feedEntry struct {
	Orgc      feedOrg        `json:"Orgc"`
	Tag       []AttributeTag `json:"Tag"`
	Info      string         `json:"info"`
	Date      string         `json:"date"`
	Analysis  string         `json:"analysis"`        // 2 = completed
	Threat    string         `json:"threat_level_id"` // 4 = undefined
	Timestamp string         `json:"timestamp"`
}

// NewFeedWriter begins a feed. title stands before the name of each event, and
// belongs to its id. typeOf is as of [NewEventWriter].
func NewFeedWriter(w io.Writer, title string, now time.Time, typeOf func(name string) string) *FeedWriter {
	return &FeedWriter{tar: tar.NewWriter(w), title: title, typeOf: typeOf, open: map[string]*feedPart{}, manifest: map[string]feedEntry{}, now: now.UTC()}
}

// Add writes one indicator. dropped is "type" when MISP cannot say it.
func (f *FeedWriter) Add(i indicator.Indicator) (dropped string, err error) {
	a, ok := AttributeOf(i, f.typeOf)
	if !ok {
		return "type", nil
	}
	group := string(i.Type)
	if len(i.Names) > 0 {
		group = i.Names[0]
	}
	p := f.open[group]
	if p == nil {
		p = &feedPart{group: group}
		f.open[group] = p
	}
	before := p.buf.Len()
	if p.count > 0 {
		p.buf.WriteString(",\n")
	}
	enc := json.NewEncoder(&p.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		return "", err
	}
	p.buf.Truncate(p.buf.Len() - 1)
	f.held += p.buf.Len() - before
	p.count++
	if i.LastSeen.After(p.last) {
		p.last = i.LastSeen
	}
	if p.first.IsZero() || i.FirstSeen.Before(p.first) {
		p.first = i.FirstSeen
	}
	halves := []string{a.Value}
	if strings.Contains(a.Type, "|") {
		halves = strings.Split(a.Value, "|")
	}
	for _, half := range halves {
		p.sums = append(p.sums, md5.Sum([]byte(half)))
	}
	if p.count >= feedEvent {
		return "", f.write(p)
	}
	if f.held > feedHeld {
		return "", f.write(f.largest())
	}
	return "", nil
}

func (f *FeedWriter) largest() *feedPart {
	var out *feedPart
	for _, p := range f.open {
		if out == nil || p.buf.Len() > out.buf.Len() || p.buf.Len() == out.buf.Len() && p.group < out.group {
			out = p
		}
	}
	return out
}

// write ends one event and opens the next part of its group.
func (f *FeedWriter) write(p *feedPart) error {
	if p.count == 0 {
		return nil
	}
	p.part++
	info := f.title + ": " + p.group
	if p.part > 1 {
		info += ", part " + strconv.Itoa(p.part)
	}
	id := uuid.NewSHA1(feedIDs, []byte(info)).String()
	e := feedEntry{
		Orgc: feedOrg{"Vedette", uuid.NewSHA1(feedIDs, []byte("org")).String()}, Tag: []AttributeTag{}, Info: info,
		Date: p.first.UTC().Format(time.DateOnly), Analysis: "2", Threat: "4", Timestamp: strconv.FormatInt(max(p.last.Unix(), 0), 10),
	}
	head, err := json.Marshal(struct {
		UUID string `json:"uuid"`
		feedEntry
		Published    bool   `json:"published"`
		PublishedAt  string `json:"publish_timestamp"`
		Distribution string `json:"distribution"` // 0 = your organisation only
	}{id, e, true, e.Timestamp, "0"})
	if err != nil {
		return err
	}
	body := [][]byte{[]byte(`{"Event":`), head[:len(head)-1], []byte(`,"Attribute":[` + "\n"), p.buf.Bytes(), []byte("\n]}}\n")}
	if err := f.file(id+".json", body...); err != nil {
		return err
	}
	f.manifest[id] = e
	for _, sum := range p.sums {
		f.hashes = append(f.hashes, feedHash{sum, int32(len(f.ids))})
	}
	f.ids = append(f.ids, id)
	f.held -= p.buf.Len()
	f.open[p.group] = &feedPart{group: p.group, part: p.part}
	return nil
}

func (f *FeedWriter) file(name string, parts ...[]byte) error {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if err := f.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(size), ModTime: f.now}); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := f.tar.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the events that are open, the manifest and the hashes. It does not
// close the writer below.
func (f *FeedWriter) Close() error {
	for f.held > 0 {
		if err := f.write(f.largest()); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(f.manifest, "", " ")
	if err != nil {
		return err
	}
	if err := f.file("manifest.json", manifest, []byte("\n")); err != nil {
		return err
	}
	if err := f.writeHashes(); err != nil {
		return err
	}
	return f.tar.Close()
}

// writeHashes writes hashes.csv: the MD5 of each value and the event it stands in.
func (f *FeedWriter) writeHashes() error {
	const line = 2*md5.Size + 1 + 36 + 1
	if err := f.tar.WriteHeader(&tar.Header{Name: "hashes.csv", Mode: 0o644, Size: int64(len(f.hashes)) * line, ModTime: f.now}); err != nil {
		return err
	}
	buf := make([]byte, 0, 64<<10)
	for i, h := range f.hashes {
		buf = hex.AppendEncode(buf, h.sum[:])
		buf = append(append(append(buf, ','), f.ids[h.event]...), '\n')
		if len(buf) > 60<<10 || i == len(f.hashes)-1 {
			if _, err := f.tar.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return nil
}

// Package openioc reads OpenIOC 1.0 and 1.1, Mandiant's XML of indicators: items
// that name a value become claims, conditions that mean less or more than "is this
// value" are counted. [Parser] implements collect.Parser.
package openioc

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
)

// Parser reads OpenIOC.
type Parser struct{}

// Kind returns "openioc".
func (Parser) Kind() string { return "openioc" }

// Recognise knows OpenIOC by its root element and namespaces.
func (Parser) Recognise(_ string, head []byte) int {
	s := strings.ToLower(string(head))
	switch {
	case !strings.Contains(s, "<"):
		return 0
	case strings.Contains(s, "schemas.mandiant.com/2010/ioc"), strings.Contains(s, "<openioc"):
		return 98
	case strings.Contains(s, "<ioc ") && strings.Contains(s, "<definition"), strings.Contains(s, "<indicatoritem"):
		return 90
	}
	return 0
}

// searches are the terms whose content is an indicator.
var searches = map[string]indicator.Type{
	"fileitem/md5sum": indicator.MD5, "fileitem/sha1sum": indicator.SHA1, "fileitem/sha256sum": indicator.SHA256, "fileitem/filename": indicator.FileName,
	"processitem/sectionlist/memorysection/md5sum": indicator.MD5, "processitem/sectionlist/memorysection/sha1sum": indicator.SHA1, "processitem/sectionlist/memorysection/sha256sum": indicator.SHA256,
	"driveritem/md5sum": indicator.MD5, "driveritem/sha1sum": indicator.SHA1, "driveritem/sha256sum": indicator.SHA256, "serviceitem/servicedllmd5sum": indicator.MD5, "serviceitem/pathmd5sum": indicator.MD5,
	"portitem/remoteip": "", "portitem/localip": "", "network/dns": indicator.Domain, "network/uri": indicator.URL, "network/useragent": indicator.UserAgent,
	"routeentryitem/destination": "", "dnsentryitem/host": indicator.Domain, "dnsentryitem/recordname": indicator.Domain, "dnsentryitem/recorddata/host": indicator.Domain, "dnsentryitem/recorddata/ipv4address": "",
	"urlhistoryitem/url": indicator.URL, "urlhistoryitem/hostname": indicator.Domain, "filedownloadhistoryitem/sourceurl": indicator.URL, "email/from": indicator.Email, "email/replyto": indicator.Email,
	"email/attachment/name": indicator.FileName, "processitem/handlelist/handle/name": indicator.Mutex, "registryitem/keypath": indicator.RegistryKey, "registryitem/path": indicator.RegistryKey,
}

// maxDepth bounds the nesting; what is published has less than ten.
const maxDepth = 100

// Parse implements collect.Parser. It streams.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	head := make([]byte, 512)
	n, err := io.ReadFull(in.Reader, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return broken(in.Name, err)
	}
	head = bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(head)) == 0 {
		return nil
	}
	if collect.LooksLikeHTML(head) {
		return errs.New(errs.Invalid, "web_page", "%s, line 1: this looks like a web page, not OpenIOC; check the address.", in.Name)
	}
	src := &source{ctx: ctx, r: io.MultiReader(bytes.NewReader(head), in.Reader)}
	d := &decoder{in: in, out: out, xml: xml.NewDecoder(src)}
	d.xml.CharsetReader = charset.NewReaderLabel
	for {
		token, err := d.xml.Token()
		switch {
		case errors.Is(err, io.EOF) && d.seen:
			return nil
		case src.err != nil:
			return broken(in.Name, src.err)
		case err != nil:
			line, _ := d.xml.InputPos()
			return errs.New(errs.Invalid, "bad_xml", "%s, line %d: this is no OpenIOC: %v; get the file again.", in.Name, line, err)
		}
		if err := d.token(token); err != nil {
			return err
		}
	}
}

func broken(name string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errs.New(errs.Unavailable, "read_broken_off", "%s: reading broke off; get it again.", name).Because(err)
}

// source tells errors of reading from those of the document, and ends with the
// context.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// decoder follows one document.
type decoder struct {
	in   collect.Input
	out  collect.Sink
	xml  *xml.Decoder
	seen bool // an element of OpenIOC

	depth   int
	name    string // short description of the ioc
	id      string
	at      time.Time
	and     []bool // whether each Indicator around is an AND
	text    strings.Builder
	item    item
	inside  bool
	longest bool
}

// item is one IndicatorItem.
type item struct {
	id, condition, search, content string
	negated                        bool
	line                           int
}

// maxText bounds one text, in bytes.
const maxText = 64 << 10

func (d *decoder) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return d.start(t)
	case xml.EndElement:
		return d.end(t.Name.Local)
	case xml.CharData:
		if d.text.Len()+len(t) <= maxText {
			d.text.Write(t)
		} else {
			d.longest = true
		}
	}
	return nil
}

func (d *decoder) start(t xml.StartElement) error {
	line, _ := d.xml.InputPos()
	if d.depth++; d.depth > maxDepth {
		return errs.New(errs.Invalid, "too_deep", "%s, line %d: elements are nested deeper than %d; this is no OpenIOC.", d.in.Name, line, maxDepth)
	}
	d.text.Reset()
	switch t.Name.Local {
	case "ioc", "OpenIOC":
		d.seen = true
		d.id, d.name = attribute(t, "id"), ""
		d.at, _ = time.Parse("2006-01-02T15:04:05", attribute(t, "last-modified"))
	case "Indicator":
		d.and = append(d.and, strings.EqualFold(attribute(t, "operator"), "AND"))
	case "IndicatorItem":
		d.inside = true
		d.item = item{id: attribute(t, "id"), condition: attribute(t, "condition"), negated: attribute(t, "negate") == "true", line: line}
	case "Context":
		d.item.search = attribute(t, "search")
	}
	return nil
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (d *decoder) end(name string) error {
	d.depth--
	text := strings.TrimSpace(d.text.String())
	d.text.Reset()
	switch name {
	case "short_description":
		d.name = text
	case "Content":
		d.item.content = text
	case "Indicator":
		if len(d.and) > 0 {
			d.and = d.and[:len(d.and)-1]
		}
	case "IndicatorItem":
		if d.inside {
			d.inside = false
			return d.claim()
		}
	}
	return nil
}

// claim hands one item over, or counts why not. A file name within an AND means
// only what stands beside it.
func (d *decoder) claim() error {
	it := d.item
	kind, known := searches[strings.ToLower(it.search)]
	within := len(d.and) > 0 && d.and[len(d.and)-1]
	switch condition := strings.ToLower(it.condition); {
	case it.negated || strings.HasSuffix(condition, "not"):
		d.out.Drop("negated", it.line, it.search+" "+it.content)
		return nil
	case !known:
		d.out.Drop("term:"+group(it.search), it.line, it.search+" "+it.content)
		return nil
	case it.content == "" || d.longest:
		d.longest = false
		d.out.Drop("no-value", it.line, it.search)
		return nil
	case within && (kind == indicator.FileName || kind == indicator.Mutex):
		d.out.Drop("part-of-and", it.line, it.search+" "+it.content)
		return nil
	case condition != "is" && condition != "" && (kind == indicator.FileName || kind == indicator.Mutex || kind == indicator.RegistryKey || kind == indicator.UserAgent):
		d.out.Drop("condition-"+condition, it.line, it.search+" "+it.content)
		return nil
	}
	c := indicator.Claim{Type: kind, Raw: it.content, ExternalID: it.id, Comment: d.name, LastSeen: d.at, Layer: indicator.IOC, Line: it.line}
	if kind == indicator.URL && !strings.Contains(it.content, "/") {
		c.Type = ""
	}
	d.in.Fill(&c)
	return d.out.Claim(c)
}

// group is the kind of item that a term is about, short enough to count by.
func group(search string) string {
	g, _, _ := strings.Cut(search, "/")
	if g == "" || len(g) > 40 {
		return "other"
	}
	return g
}

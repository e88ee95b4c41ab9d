package document

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"

	"github.com/vedette-soc/vedette/extract"
)

const (
	maxMailParts = 200
	maxMailDepth = 8
)

var mailHead = regexp.MustCompile(`(?im)\A(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){2,}`)

func isMail(head []byte) bool {
	m := mailHead.Find(head)
	if m == nil {
		return false
	}
	l := bytes.ToLower(m)
	n := 0
	for _, h := range []string{"from:", "subject:", "received:", "message-id:", "mime-version:", "date:", "to:", "content-type:", "return-path:"} {
		if bytes.HasPrefix(l, []byte(h)) || bytes.Contains(l, []byte("\n"+h)) {
			n++
		}
	}
	return n >= 3
}

// mailbox collects the text of a mail and of the mails in it.
type mailbox struct {
	b     strings.Builder
	t     extract.Text
	parts int
}

func readMail(data []byte) (extract.Text, error) {
	m := &mailbox{}
	if err := m.message(data, 0); err != nil {
		return extract.Text{}, &Failure{Kind: "mail", What: "its structure is damaged", Remedy: "export it again, or save its text", Err: err}
	}
	m.t.Body = m.b.String()
	return m.t, nil
}

func (m *mailbox) message(data []byte, depth int) error {
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return err
	}
	var words mime.WordDecoder
	words.CharsetReader = charset.NewReaderLabel
	for _, name := range []string{"From", "To", "Date", "Subject", "Reply-To"} {
		value, err := words.DecodeHeader(msg.Header.Get(name))
		if err != nil {
			value = msg.Header.Get(name)
		}
		if value == "" {
			continue
		}
		if depth == 0 && name == "Subject" {
			m.t.Title = value
		}
		if a, err := mail.ParseAddress(value); err == nil && depth == 0 && name == "From" {
			m.t.Source = a.Address
		}
		fmt.Fprintf(&m.b, "%s: %s\n", name, strings.Join(strings.Fields(value), " "))
	}
	m.b.WriteByte('\n')
	return m.part(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body, depth)
}

// part reads one part; of alternatives the plain one comes first and wins.
func (m *mailbox) part(kind, encoding string, r io.Reader, depth int) error {
	if m.parts++; m.parts > maxMailParts || depth > maxMailDepth || m.b.Len() > MaxText {
		return errors.New("it has too many parts")
	}
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media, params = "text/plain", nil
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, &noSpace{r})
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	switch {
	case strings.HasPrefix(media, "multipart/"):
		return m.multipart(media, params["boundary"], r, depth)
	case media == "message/rfc822":
		data, err := io.ReadAll(io.LimitReader(r, MaxFile))
		if err != nil {
			return err
		}
		return m.message(data, depth+1)
	case media == "text/plain", media == "text/html":
		data, err := io.ReadAll(io.LimitReader(r, MaxFile))
		if err != nil && len(data) == 0 {
			return err
		}
		return m.text(media, params["charset"], data)
	}
	return nil // attachments are files of their own
}

func (m *mailbox) multipart(media, boundary string, r io.Reader, depth int) error {
	if boundary == "" {
		return errors.New("a part has no boundary")
	}
	parts := multipart.NewReader(r, boundary)
	plain := false
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // what is there is read, also of a mail cut short
		}
		if err != nil {
			return err
		}
		kind := p.Header.Get("Content-Type")
		if media == "multipart/alternative" && plain && strings.HasPrefix(strings.ToLower(kind), "text/html") {
			continue
		}
		before := m.b.Len()
		if err := m.part(kind, p.Header.Get("Content-Transfer-Encoding"), p, depth+1); err != nil {
			return err
		}
		plain = plain || m.b.Len() > before+20
	}
}

func (m *mailbox) text(media, label string, data []byte) error {
	if label != "" {
		if r, err := charset.NewReaderLabel(label, bytes.NewReader(data)); err == nil {
			if b, err := io.ReadAll(r); err == nil {
				data = b
			}
		}
	}
	if media == "text/html" {
		t, err := readHTML(data)
		if err != nil {
			return nil // an empty page says nothing
		}
		base := m.b.Len()
		for _, l := range t.Links {
			m.t.Links = append(m.t.Links, extract.Link{From: base + l.From, To: base + l.To, Target: l.Target})
		}
		m.b.WriteString(t.Body)
	} else {
		m.b.WriteString(decode(data))
	}
	m.b.WriteByte('\n')
	return nil
}

// noSpace drops what may stand between the letters of base64.
type noSpace struct{ r io.Reader }

func (n *noSpace) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	out := 0
	for _, c := range p[:k] {
		if c != '\r' && c != '\n' && c != ' ' && c != '\t' {
			p[out] = c
			out++
		}
	}
	return out, err
}

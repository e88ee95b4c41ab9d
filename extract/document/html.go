package document

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/vedette-soc/vedette/extract"
)

// maxTokens bounds a page; the reader needs no tree, so that depth costs nothing.
const maxTokens = 2_000_000

func isHTML(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(head, " \t\r\n\xef\xbb\xbf"))
	for _, s := range []string{"<!doctype html", "<html", "<head", "<body", "<!-- saved from"} {
		if bytes.HasPrefix(head, []byte(s)) {
			return true
		}
	}
	return bytes.HasPrefix(head, []byte("<")) && (bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<p>")) || bytes.Contains(head, []byte("<div")))
}

// page collects the text of a web page.
type page struct {
	b       strings.Builder
	t       extract.Text
	skip    int // inside script, style and the like
	skipped atom.Atom
	pre     int
	title   bool
	heading int // level, 0 outside
	start   int // of the heading
	href    string
	anchor  int
	cells   int
}

var (
	blocks = map[atom.Atom]bool{
		atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Ul: true, atom.Ol: true, atom.Li: true, atom.Table: true, atom.Tr: true, atom.Br: true,
		atom.Blockquote: true, atom.Pre: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Header: true, atom.Footer: true,
		atom.Figure: true, atom.Figcaption: true, atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Hr: true, atom.Main: true, atom.Aside: true, atom.Option: true,
	}
	unread = map[atom.Atom]bool{
		atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Svg: true, atom.Nav: true, atom.Iframe: true, atom.Object: true, atom.Form: true, atom.Select: true,
	}
	levels = map[atom.Atom]int{atom.H1: 1, atom.H2: 2, atom.H3: 3, atom.H4: 4, atom.H5: 5, atom.H6: 6}
)

func readHTML(data []byte) (extract.Text, error) {
	p := &page{}
	p.t.Headings = []extract.Heading{}
	z := html.NewTokenizer(strings.NewReader(decode(data)))
	z.SetMaxBuf(4 << 20)
	for range maxTokens {
		kind := z.Next()
		if kind == html.ErrorToken || p.b.Len() > MaxText+1 {
			break
		}
		p.token(kind, z.Token())
	}
	p.t.Body = p.b.String()
	if strings.TrimSpace(p.t.Body) == "" {
		return extract.Text{}, &Failure{Kind: "web page", What: "there is no text in it", Remedy: "it may be made by a script: open it in a browser and save the page as text or PDF"}
	}
	return p.t, nil
}

func (p *page) token(kind html.TokenType, t html.Token) {
	switch kind {
	case html.TextToken:
		p.text(t.Data)
	case html.StartTagToken, html.SelfClosingTagToken:
		p.open(t, kind == html.SelfClosingTagToken)
	case html.EndTagToken:
		p.close(t.DataAtom)
	}
}

func (p *page) open(t html.Token, self bool) {
	a := t.DataAtom
	if p.skip > 0 {
		if a == p.skipped && !self {
			p.skip++
		}
		return
	}
	switch {
	case unread[a] && !self:
		p.skip, p.skipped = 1, a
	case a == atom.Title:
		p.title = true
	case a == atom.Link && attribute(t, "rel") == "canonical":
		p.t.Source = attribute(t, "href")
	case a == atom.Meta && attribute(t, "property") == "og:url" && p.t.Source == "":
		p.t.Source = attribute(t, "content")
	case a == atom.A:
		p.href, p.anchor = attribute(t, "href"), p.b.Len()
	case a == atom.Td, a == atom.Th:
		if p.cells > 0 {
			p.b.WriteString(" | ")
		}
		p.cells++
	case blocks[a]:
		p.line()
		p.cells = 0
		if a == atom.Pre {
			p.pre++
		}
		if n := levels[a]; n > 0 {
			p.heading, p.start = n, p.b.Len()
		}
	}
}

func (p *page) close(a atom.Atom) {
	if p.skip > 0 {
		if a == p.skipped {
			p.skip--
		}
		return
	}
	switch {
	case a == atom.Title:
		p.title = false
	case a == atom.A:
		if p.href != "" && p.b.Len() > p.anchor {
			p.t.Links = append(p.t.Links, extract.Link{From: p.anchor, To: p.b.Len(), Target: p.href})
		}
		p.href = ""
	case levels[a] > 0 && p.heading > 0:
		p.t.Headings = append(p.t.Headings, extract.Heading{At: p.start, Level: p.heading, Title: strings.TrimSpace(p.b.String()[p.start:])})
		p.heading = 0
		p.line()
	case blocks[a]:
		if a == atom.Pre && p.pre > 0 {
			p.pre--
		}
		p.line()
	}
}

var blanks = regexp.MustCompile(`[ \t\r\n\f]+`)

func (p *page) text(s string) {
	switch {
	case p.skip > 0:
	case p.title:
		p.t.Title = strings.TrimSpace(p.t.Title + s)
	case p.pre > 0:
		p.b.WriteString(s)
	default:
		s = blanks.ReplaceAllString(s, " ")
		if p.b.Len() == 0 || strings.HasSuffix(p.b.String(), "\n") {
			s = strings.TrimLeft(s, " ")
		}
		p.b.WriteString(s)
	}
}

// line ends the line that was begun.
func (p *page) line() {
	if s := p.b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		p.b.WriteByte('\n')
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

package web_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// lint returns what a page does wrong for people who use a keyboard or a screen
// reader, and what the content security policy would refuse.
func lint(page string) []string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	l := linter{ids: map[string]bool{}}
	l.walk(doc, nil)
	if l.h1 != 1 {
		l.add("%d h1, want 1", l.h1)
	}
	if l.title == "" {
		l.add("no title")
	}
	for _, id := range l.refs {
		if !l.ids[id] {
			l.add("aria refers to %q, which is not there", id)
		}
	}
	return l.faults
}

type linter struct {
	faults []string
	ids    map[string]bool
	refs   []string
	h1     int
	title  string
}

func (l *linter) add(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

func (l *linter) walk(n *html.Node, above []*html.Node) {
	if n.Type == html.ElementNode {
		l.element(n, above)
	}
	for c := range n.ChildNodes() {
		l.walk(c, append(above, n))
	}
}

func (l *linter) element(n *html.Node, above []*html.Node) {
	l.attributes(n)
	named := strings.TrimSpace(content(n)) != "" || attr(n, "aria-label") != ""
	switch n.Data {
	case "html":
		if attr(n, "lang") == "" {
			l.add("html without lang")
		}
	case "title":
		l.title = content(n)
	case "h1":
		l.h1++
		fallthrough
	case "h2", "h3", "a", "button", "summary", "option", "caption":
		if !named {
			l.add("<%s> %v has no text and no name", n.Data, n.Attr)
		}
	case "p":
		if !named && attr(n, "role") != "status" {
			l.add("empty <p>: the parser closed a paragraph at a block inside it")
		}
	case "th":
		if attr(n, "scope") == "" {
			l.add("<th> %q without scope", content(n))
		}
	case "input", "select", "textarea":
		if attr(n, "type") != "hidden" && attr(n, "aria-label") == "" && !labelled(above) {
			l.add("<%s name=%q> without a label", n.Data, attr(n, "name"))
		}
	case "svg":
		outer := len(above) > 0 && above[len(above)-1].Data != "svg"
		if outer && attr(n, "aria-hidden") != "true" && (attr(n, "role") != "img" && attr(n, "role") != "group" || attr(n, "aria-label") == "") {
			l.add("<svg> is neither hidden nor named")
		}
	case "style", "iframe", "object", "embed", "base", "img":
		l.add("<%s> has no place on a page", n.Data)
	case "script":
		if attr(n, "src") != "/static/js/app.js" || content(n) != "" {
			l.add("a script that is not ours: %v %q", n.Attr, content(n))
		}
	}
}

func (l *linter) attributes(n *html.Node) {
	for _, a := range n.Attr {
		switch key := strings.ToLower(a.Key); {
		case key == "id":
			if l.ids[a.Val] {
				l.add("the id %q stands twice", a.Val)
			}
			l.ids[a.Val] = true
		case key == "aria-labelledby":
			l.refs = append(l.refs, strings.Fields(a.Val)...)
		case key == "tabindex" && a.Val != "0" && a.Val != "-1":
			l.add("tabindex %s", a.Val)
		case key == "style" || strings.HasPrefix(key, "on") || strings.HasPrefix(key, "hx-on"):
			l.add("attribute %s=%q", a.Key, a.Val)
		case key == "href" || key == "src" || key == "action":
			if !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://attack.mitre.org/") || strings.HasPrefix(a.Val, "//") {
				l.add("%s leads away: %q", a.Key, a.Val)
			}
		}
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// content is the text of n, and the names of the images in it.
func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	if n.Data == "svg" {
		b.WriteString(attr(n, "aria-label"))
	}
	for c := range n.ChildNodes() {
		b.WriteString(content(c))
	}
	return b.String()
}

func labelled(above []*html.Node) bool {
	for _, n := range above {
		if n.Data == "label" && strings.TrimSpace(content(n)) != "" {
			return true
		}
	}
	return false
}

func TestEveryPageIsAccessible(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	for _, who := range []string{"viewer", "analyst", "admin"} {
		for _, p := range pages(top) {
			w := h.do(who, "GET", p, nil)
			for _, fault := range lint(w.Body.String()) {
				t.Errorf("%s as %s: %s", p, who, fault)
			}
		}
	}
	for _, p := range []string{"/sign-in", "/setup?secret=" + h.setUp, "/setup?secret=void"} {
		for _, fault := range lint(h.do("", "GET", p, nil).Body.String()) {
			t.Errorf("%s: %s", p, fault)
		}
	}
}

// What attackers write is shown, and does nothing.
func TestHostileText(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	hostile := h.hostile()
	urls := append(pages(top), pages(hostile)...)
	urls = append(urls, "/events/5", "/events/6", "/entities/malware--0aaaaaaa-1111-4222-8333-444444444444", "/?q="+"%3Cscript%3Ealert(1)%3C%2Fscript%3E",
		"/intel?state=all&q=%22%3E%3Cscript%3Ealert(1)", "/intel?name=%E2%80%AEx", "/lookup?type=url&value=http%3A%2F%2Fevil.example%2F%22%3E%3Cscript%3E", "/nowhere/%3Cscript%3E")
	shown := 0
	for _, u := range urls {
		w := h.do("admin", "GET", u, nil)
		if w.Code >= 500 {
			t.Errorf("%s: status %d\n%s", u, w.Code, h.logged())
		}
		body := w.Body.String()
		if strings.ContainsAny(body, "\u202e\u2066\u2069\u200b") {
			t.Errorf("%s: the page has an invisible mark", u)
		}
		if strings.Contains(body, "⟦U+202E⟧") {
			shown++
		}
		for _, fault := range lint(body) {
			if !strings.Contains(fault, "h1, want 1") || w.Code == 200 {
				t.Errorf("%s: %s", u, fault)
			}
		}
		if len(body) > 1<<20 {
			t.Errorf("%s: the page has %d bytes", u, len(body))
		}
	}
	if shown < 4 {
		t.Errorf("only %d pages show the hostile name: the test lost its subject", shown)
	}
}

// The templates and scripts themselves hold nothing the policy forbids.
func TestSourcesAreClean(t *testing.T) {
	forbidden := []*regexp.Regexp{
		regexp.MustCompile(`(?i)\sstyle=`), regexp.MustCompile(`(?i)<style`), regexp.MustCompile(`(?i)\son[a-z]+=`), regexp.MustCompile(`(?i)hx-on|javascript:|\bjs:`),
		regexp.MustCompile(`<script(?: type="module")? *>`), regexp.MustCompile(`template\.(HTML|JS|CSS|URL)\b`), regexp.MustCompile(`new Function|eval\(`), regexp.MustCompile(`https?://[^a]`),
	}
	seen := 0
	for _, dir := range []string{"templates", "static"} {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(p, ".svg") {
				return err
			}
			seen++
			b, err := os.ReadFile(p)
			for _, f := range forbidden {
				if at := f.FindIndex(b); at != nil {
					t.Errorf("%s has %q", p, b[at[0]:at[1]])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 20 {
		t.Errorf("only %d files were looked at", seen)
	}
}

package yara

import "strings"

// part is one rule of a file, or what cannot be read as one (fault says why).
type part struct {
	text    string
	name    string
	tags    []string
	meta    []entry
	imports []string // of the file, up to the rule
	line    int
	fault   string
}

// entry is one line of a rule's meta section.
type entry struct{ key, value string }

// cursor walks over the tokens of a file. It knows as much of the grammar as it takes
// to tell where a rule ends: comments, strings, hex strings and regular expressions
// may hold braces.
type cursor struct {
	s    string
	i    int
	line int
}

// split calls fn with each rule of a file, and returns how many there were.
func split(text string, fn func(part) error) (int, error) {
	c := &cursor{s: text, line: 1}
	var imports []string
	found := 0
	for {
		start, line, tok := c.top()
		switch tok {
		case "":
			return found, nil
		case "import":
			if module := c.next(); strings.HasPrefix(module, `"`) && len(imports) < 100 {
				imports = append(imports, strings.Trim(module, `"`))
			}
		case "include":
			c.next()
			if err := fn(part{text: text[start:c.i], line: line, fault: "include"}); err != nil {
				return found, err
			}
		case "rule":
			p := c.rule(start, line)
			p.imports = imports
			found++
			if err := fn(p); err != nil {
				return found, err
			}
		}
	}
}

// top finds the next word that matters between rules, and where it begins, with the
// words before "rule" that belong to it.
func (c *cursor) top() (start, line int, tok string) {
	start = -1
	for {
		tok = c.next()
		at := c.i - len(tok)
		switch tok {
		case "private", "global":
			if start < 0 {
				start, line = at, c.line
			}
			continue
		case "", "import", "include", "rule":
			if start < 0 || tok != "rule" {
				start, line = at, c.line
			}
			return start, line, tok
		}
		start = -1
	}
}

// rule reads a rule after its keyword.
func (c *cursor) rule(start, line int) part {
	p := part{line: line, name: c.next()}
	if !word(p.name) {
		p.text, p.fault = c.s[start:c.i], "no-name"
		return p
	}
	tok := c.next()
	if tok == ":" {
		for tok = c.next(); word(tok); tok = c.next() {
			p.tags = append(p.tags, tok)
		}
	}
	if tok != "{" {
		p.text, p.fault = c.s[start:c.i], "no-body"
		return p
	}
	c.body(&p)
	p.text = c.s[start:c.i]
	return p
}

// body reads up to the brace that ends the rule.
func (c *cursor) body(p *part) {
	section, before, key := "", "", ""
	for depth := 1; depth > 0; {
		tok := c.next()
		switch {
		case tok == "":
			p.fault = "unfinished-rule"
			return
		case tok == "{":
			depth++
		case tok == "}":
			depth--
		case tok == "/" && (before == "=" || before == "matches"):
			c.expression()
		case tok == ":" && (before == "meta" || before == "strings" || before == "condition"):
			section = before
		case section == "meta" && tok == "=":
			key = before
		case section == "meta" && key != "" && before == "=" && len(p.meta) < 200:
			p.meta = append(p.meta, entry{key, literal(tok)})
			key = ""
		}
		before = tok
	}
}

func literal(tok string) string {
	if !strings.HasPrefix(tok, `"`) {
		return tok
	}
	tok = strings.TrimSuffix(tok[1:], `"`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\t`, "\t").Replace(tok)
}

func word(tok string) bool {
	return tok != "" && (tok[0] == '_' || tok[0]|0x20 >= 'a' && tok[0]|0x20 <= 'z')
}

// next returns the next token: a word, a string with its quotes, or one character;
// "" at the end. White space and comments are passed over.
func (c *cursor) next() string {
	c.blank()
	if c.i >= len(c.s) {
		return ""
	}
	start := c.i
	switch b := c.s[c.i]; {
	case b == '"':
		c.quoted()
	case inWord(b):
		for c.i < len(c.s) && inWord(c.s[c.i]) {
			c.i++
		}
	default:
		c.i++
	}
	return c.s[start:c.i]
}

func inWord(b byte) bool {
	return b == '_' || b == '-' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9'
}

// blank passes over white space and comments.
func (c *cursor) blank() {
	for c.i < len(c.s) {
		switch rest := c.s[c.i:]; {
		case rest[0] == '\n':
			c.line++
			c.i++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			c.i++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			c.i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/") + 4
			if n < 4 {
				n = len(rest)
			}
			c.line += strings.Count(rest[:n], "\n")
			c.i += n
		default:
			return
		}
	}
}

// quoted passes over a string, which ends with its line at the latest.
func (c *cursor) quoted() {
	for c.i++; c.i < len(c.s); c.i++ {
		switch c.s[c.i] {
		case '\\':
			c.i++
		case '"':
			c.i++
			return
		case '\n':
			return
		}
	}
	c.i = min(c.i, len(c.s))
}

// expression passes over a regular expression whose first slash is read.
func (c *cursor) expression() {
	for ; c.i < len(c.s); c.i++ {
		switch c.s[c.i] {
		case '\\':
			c.i++
		case '/':
			c.i++
			return
		case '\n':
			return
		}
	}
	c.i = min(c.i, len(c.s))
}

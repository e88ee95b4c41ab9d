// Package sigma reads detection rules written in Sigma (specification 2.1) and
// finds the events that they describe.
//
// [Parse] reads a file of rules, filters and correlations. [Compile] turns rules
// and pipelines ([ParsePipeline]: which log sources the events of a format belong
// to, and what Sigma's field names are called there) into an [Engine]; a
// [Matcher] of it looks at events, decoded ([Matcher.Event]) or still as the
// bytes of a JSON record ([Matcher.Record]), and says which rules match and why.
//
// Promises: whatever is in a rule or an event, nothing panics and no pattern
// takes more than linear time; what cannot be read is a [Problem] that says what,
// where and what to do, and costs only the rule it is in; an Engine never
// changes and may be shared; a Matcher does not allocate for events that nothing
// matches, and gives matches in the order the rules were given.
package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on what one file of rules may hold.
const (
	MaxFile      = 16 << 20 // bytes
	maxDocuments = 20_000
	maxNodes     = 2_000_000 // YAML nodes after aliases are followed
	maxDepth     = 32        // nested YAML collections
	maxKeys      = 4096      // of one mapping
)

// Collection is what a file of rules holds, in its order.
type Collection struct {
	Rules        []Rule
	Filters      []Filter
	Correlations []Correlation
}

// Parse reads the YAML documents of one file. name is what problems call it.
//
// What can be read is returned even when the error is not nil; the error is then
// of type [Problems] and names every rule that is missing from the result.
func Parse(name string, data []byte) (Collection, error) {
	p := &parser{file: name}
	if len(data) > MaxFile {
		p.fail(0, "the file has %d bytes, more than %d: split it", len(data), MaxFile)
		return p.out, p.problems
	}
	p.documents(data)
	if len(p.problems) > 0 {
		return p.out, p.problems
	}
	return p.out, nil
}

// parser reads one file.
type parser struct {
	file     string
	rule     string   // title or id of the document being read
	names    []string // its id, name and title
	nodes    int
	global   *node // what "action: global" put before all following documents
	previous *node // what "action: repeat" repeats
	out      Collection
	problems Problems
}

func (p *parser) documents(data []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		var doc yaml.Node
		err := decode(dec, &doc)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			p.problems = append(p.problems, p.problem(notYAML(err)))
			return
		}
		if n >= maxDocuments {
			p.fail(doc.Line, "more than %d documents: split the file", maxDocuments)
			return
		}
		root, err := p.tree(&doc, 0)
		if err != nil {
			p.problems = append(p.problems, p.problem(err))
			if p.nodes > maxNodes {
				return
			}
			continue
		}
		p.rule, p.names = "", nil
		p.document(root)
	}
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// notYAML says what the reader of YAML met, and where.
func notYAML(err error) error {
	m := yamlError.FindStringSubmatch(err.Error())
	if m == nil {
		return faultf(0, "not YAML: %v", err)
	}
	line, text := 0, m[2]
	if n, err := strconv.Atoi(m[1]); err == nil {
		line = n
	}
	switch {
	case strings.Contains(text, "cannot start any token"):
		text += ": a tab, or a text beginning with @, ` or % that has no quotes"
	case strings.Contains(text, "mapping values are not allowed"):
		text += ": a line that is too far in, or a text with a colon that has no quotes"
	case strings.Contains(text, "UTF-8"), strings.Contains(text, "control characters"):
		text += ": save the file as UTF-8"
	}
	return faultf(line, "not YAML: %s", text)
}

// decode turns a panic of the YAML reader into an error: what it reads is not ours.
func decode(dec *yaml.Decoder, doc *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return dec.Decode(doc)
}

// document reads one document, after what collections of old rules say about it.
func (p *parser) document(root *node) {
	if root == nil || root.kind == scalar && root.tag == "!!null" {
		return // an empty document
	}
	if root.kind != mapping {
		p.fail(root.line, "a rule is a mapping (title: …, logsource: …, detection: …), this is a %s", root.kind)
		return
	}
	switch action := root.take("action"); {
	case action == nil:
		root = merge(p.global, root)
	case action.text == "global":
		p.global = merge(p.global, root)
		return
	case action.text == "reset":
		p.global = nil
		if len(root.pairs) == 0 {
			return
		}
	case action.text == "repeat":
		if p.previous == nil {
			p.fail(root.line, "action: repeat has no rule before it to repeat")
			return
		}
		root = merge(p.previous, root)
	default:
		p.fail(action.line, "action %q is not global, repeat or reset", action.text)
		return
	}
	if p.nodes += len(root.pairs); p.nodes > maxNodes {
		return // what global documents repeat counts, too
	}
	p.previous = root
	if err := p.read(root); err != nil {
		p.problems = append(p.problems, p.problem(err))
	}
}

// read adds what one document holds to the collection.
func (p *parser) read(root *node) error {
	p.rule = root.scalar("title")
	if p.rule == "" {
		p.rule = root.scalar("id")
	}
	for _, key := range []string{"id", "name", "title"} {
		if name := root.scalar(key); name != "" {
			p.names = append(p.names, name)
		}
	}
	switch {
	case root.get("correlation") != nil:
		c, err := readCorrelation(root, p.file)
		if err != nil {
			return err
		}
		p.out.Correlations = append(p.out.Correlations, c)
	case root.get("filter") != nil:
		f, err := readFilter(root, p.file)
		if err != nil {
			return err
		}
		p.out.Filters = append(p.out.Filters, f)
	default:
		r, corr, err := readRule(root, p.file)
		if err != nil {
			return err
		}
		p.out.Rules = append(p.out.Rules, r)
		p.out.Correlations = append(p.out.Correlations, corr...)
	}
	return nil
}

func (p *parser) fail(line int, format string, args ...any) {
	p.problems = append(p.problems, p.problem(faultf(line, format, args...)))
}

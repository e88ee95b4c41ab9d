package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/extract"
)

// example is a sentence with what it tells of.
type example struct {
	features []uint32
	labels   []int
	key      uint32
	doc      int     // of the sentences of a document; -1 otherwise
	group    int     // of the document it comes from; -1 when unknown
	weight   float64 // as a positive
	against  float64 // as a negative: what is not said to be a label is weak evidence
}

type document struct {
	title string
	group int
	named map[int]int
	cited map[int]int
	truth map[int]bool
	size  int
}

type corpus struct {
	techniques *extract.Techniques
	labels     []attack.ID
	at         map[attack.ID]int
	docs       []*document
	examples   []example
	groups     int
}

type rawDocument struct {
	Title, Text string
	Annotations []struct {
		Start, End int
		Technique  attack.ID
	}
	Techniques []attack.ID
}

type rawSentence struct {
	Text  string
	Label attack.ID
	Title string `json:"doc_title"`
}

func readCorpus(t *extract.Techniques, documents, sentences, procedures string) (*corpus, error) {
	c := &corpus{techniques: t, at: map[attack.ID]int{}}
	raw, err := readDocuments(documents)
	if err != nil {
		return nil, err
	}
	for _, d := range raw {
		for _, a := range d.Annotations {
			c.label(a.Technique)
		}
	}
	for _, d := range raw {
		c.addDocument(d)
	}
	c.group()
	var list []rawSentence
	if sentences != "" {
		if err := readJSON(sentences, &list); err != nil {
			return nil, err
		}
	}
	for _, s := range list {
		c.addSentence(s)
	}
	return c, c.readProcedures(procedures)
}

func (c *corpus) readProcedures(path string) error {
	if path == "" {
		return nil
	}
	var file struct {
		Sentences []struct {
			Text     string
			Mappings []struct {
				ID attack.ID `json:"attack_id"`
			}
		}
	}
	if err := readJSON(path, &file); err != nil {
		return err
	}
	for _, s := range file.Sentences {
		e := example{features: extract.Features(s.Text), key: extract.SentenceKey(s.Text), doc: -1, group: -1, weight: procedureWeight, against: procedureAgainst}
		for _, m := range s.Mappings {
			e.labels = append(e.labels, c.label(m.ID))
		}
		c.examples = append(c.examples, e)
	}
	return nil
}

// label returns the place of a technique, under its name of today.
func (c *corpus) label(id attack.ID) int {
	for _, n := range c.techniques.Find(string(id)) {
		id = n.IDs[0]
	}
	if i, ok := c.at[id]; ok {
		return i
	}
	c.at[id] = len(c.labels)
	c.labels = append(c.labels, id)
	return len(c.labels) - 1
}

func (c *corpus) addDocument(raw rawDocument) {
	d := &document{title: raw.Title, named: map[int]int{}, cited: map[int]int{}, truth: map[int]bool{}}
	for _, id := range raw.Techniques {
		d.truth[c.label(id)] = true
	}
	for _, n := range c.techniques.Find(raw.Text) {
		for _, id := range n.IDs {
			if i, ok := c.at[id]; ok && n.Cited != "" {
				d.cited[i]++
			} else if ok {
				d.named[i]++
			}
		}
	}
	bytes := byteOffsets(raw.Text)
	all := extract.Sentences(raw.Text)
	d.size = len(all)
	for _, s := range all {
		e := example{features: extract.Features(raw.Text[s.From:s.To]), key: extract.SentenceKey(raw.Text[s.From:s.To]), doc: len(c.docs), weight: 1, against: 1}
		for _, a := range raw.Annotations {
			from, to := bytes[a.Start], bytes[a.End]
			if shared := min(to, s.To) - max(from, s.From); shared > 0 && (2*shared >= to-from || 2*shared >= s.To-s.From) {
				e.labels = append(e.labels, c.label(a.Technique))
			}
		}
		slices.Sort(e.labels)
		e.labels = slices.Compact(e.labels)
		c.examples = append(c.examples, e)
	}
	c.docs = append(c.docs, d)
}

// byteOffsets maps the number of a character to its byte.
func byteOffsets(s string) []int {
	out := make([]int, 0, len(s)+1)
	for i := range s {
		out = append(out, i)
	}
	return append(out, len(s))
}

// addSentence adds a labelled sentence whose report, if it is one of the
// documents, is known.
func (c *corpus) addSentence(s rawSentence) {
	group := -1
	for _, d := range c.docs {
		if extract.SentenceKey(d.title) == extract.SentenceKey(s.Title) {
			group = d.group
		}
	}
	c.examples = append(c.examples, example{
		features: extract.Features(s.Text), key: extract.SentenceKey(s.Text), doc: -1, group: group,
		labels: []int{c.label(s.Label)}, weight: sentenceWeight, against: sentenceAgainst,
	})
}

// group puts documents that share sentences into one group: a report that was
// published twice must not be on both sides of a test.
func (c *corpus) group() {
	for i, d := range c.docs {
		d.group = i
	}
	in := map[uint32][]int{}
	for _, e := range c.examples {
		if len(e.features) >= 12 && !slices.Contains(in[e.key], e.doc) {
			in[e.key] = append(in[e.key], e.doc)
		}
	}
	shared := map[[2]int]int{}
	for _, docs := range in {
		for i := range docs {
			for j := i + 1; j < len(docs); j++ {
				shared[[2]int{docs[i], docs[j]}]++
			}
		}
	}
	var pairs [][2]int
	for p, n := range shared {
		if n >= 5 {
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	for _, p := range pairs {
		from, to := c.docs[p[1]].group, c.docs[p[0]].group
		for _, d := range c.docs {
			if d.group == from {
				d.group = to
			}
		}
	}
	groups := map[int]bool{}
	for _, d := range c.docs {
		groups[d.group] = true
	}
	c.groups = len(groups)
	for i := range c.examples {
		c.examples[i].group = c.docs[c.examples[i].doc].group
	}
}

func readDocuments(path string) ([]rawDocument, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var out []rawDocument
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d rawDocument
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, lines.Err()
}

func readJSON(path string, dst any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return json.NewDecoder(z).Decode(dst)
}

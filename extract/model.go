package extract

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/vedette-soc/vedette/attack"
)

// Model judges which techniques a sentence, and then a document, tells of. It is
// a logistic regression for each technique over the words of a sentence, and one
// more over what the best sentences of a document and the names in it say
// together, which gives a probability. It never changes and is safe for
// concurrent use.
type Model struct {
	labels []attack.ID
	bias   []float64
	prior  []float64 // log-odds of the technique among documents
	posts  map[uint32][]post
	pool   []float64
	// Threshold is the probability from which a technique is suggested: where F1
	// was best on documents not trained on.
	threshold float64
	seen      map[uint32]bool
}

type post struct {
	label  uint16
	weight float32
}

// PoolTerms is how many terms [Pool] gives.
const PoolTerms = 8

// Trained is a model as training leaves it.
type Trained struct {
	Labels    []TrainedLabel
	Pool      []float64 // a coefficient for each term of Pool
	Threshold float64
	Seen      []uint32 // SentenceKey of every sentence trained on, to tell a fair test from an unfair one
}

// TrainedLabel is one technique of a model.
type TrainedLabel struct {
	ID      attack.ID
	Bias    float64
	Prior   float64
	Weights map[uint32]float64
}

type modelFile struct {
	About     string      `json:"about"`
	Pool      []float64   `json:"pool"`
	Threshold float64     `json:"threshold"`
	Labels    []labelFile `json:"labels"`
	Seen      string      `json:"seen"`
}

type labelFile struct {
	ID       attack.ID `json:"id"`
	Bias     float64   `json:"bias"`
	Prior    float64   `json:"prior"`
	Scale    float64   `json:"scale"`
	Features string    `json:"features"` // differences, as varints, in base64
	Weights  string    `json:"weights"`  // one signed byte each, times scale
}

// EncodeModel writes a model, compressed, with a line on where it comes from.
// Weights keep seven bits.
func EncodeModel(w io.Writer, t Trained, about string) error {
	f := modelFile{About: about, Pool: t.Pool, Threshold: t.Threshold}
	for _, l := range t.Labels {
		f.Labels = append(f.Labels, encodeLabel(l))
	}
	f.Seen = encodeSet(t.Seen)
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(f); err != nil {
		return err
	}
	return z.Close()
}

func encodeLabel(l TrainedLabel) labelFile {
	out := labelFile{ID: l.ID, Bias: l.Bias, Prior: l.Prior}
	var most float64
	var ids []uint32
	for id, w := range l.Weights {
		most = max(most, math.Abs(w))
		ids = append(ids, id)
	}
	out.Scale = max(most/127, 1e-9)
	slices.Sort(ids)
	var kept []uint32
	var weights []byte
	for _, id := range ids {
		if q := int8(math.Round(l.Weights[id] / out.Scale)); q != 0 {
			kept = append(kept, id)
			weights = append(weights, byte(q))
		}
	}
	out.Features = encodeSet(kept)
	out.Weights = base64.StdEncoding.EncodeToString(weights)
	return out
}

// encodeSet writes sorted numbers as varints of their differences.
func encodeSet(ids []uint32) string {
	var b []byte
	last := uint32(0)
	for _, id := range ids {
		b = binary.AppendUvarint(b, uint64(id-last))
		last = id
	}
	return base64.StdEncoding.EncodeToString(b)
}

func decodeSet(s string) ([]uint32, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	var out []uint32
	last := uint64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 || d > math.MaxUint32 || last+d > math.MaxUint32 {
			return nil, errors.New("a number is cut off or too large")
		}
		last += d
		b = b[n:]
		out = append(out, uint32(last))
	}
	return out, nil
}

// modelLimit bounds a model file, unpacked.
const modelLimit = 64 << 20

// DecodeModel reads what EncodeModel wrote.
func DecodeModel(r io.Reader) (*Model, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read technique model: %w", err)
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(z, modelLimit)); err != nil {
		return nil, fmt.Errorf("read technique model: %w", err)
	}
	var f modelFile
	if err := json.Unmarshal(b.Bytes(), &f); err != nil {
		return nil, fmt.Errorf("read technique model: %w", err)
	}
	if len(f.Pool) != PoolTerms || len(f.Labels) > math.MaxUint16 {
		return nil, errors.New("read technique model: it is of another version")
	}
	return f.model()
}

func (f modelFile) model() (*Model, error) {
	m := &Model{pool: f.Pool, threshold: f.Threshold, posts: map[uint32][]post{}, seen: map[uint32]bool{}}
	for i, l := range f.Labels {
		ids, err := decodeSet(l.Features)
		if err != nil {
			return nil, fmt.Errorf("read technique model: %s: %w", l.ID, err)
		}
		weights, err := base64.StdEncoding.DecodeString(l.Weights)
		if err != nil || len(weights) != len(ids) || l.ID.Kind() != attack.Technique {
			return nil, fmt.Errorf("read technique model: label %.20q is damaged", l.ID)
		}
		for j, id := range ids {
			m.posts[id] = append(m.posts[id], post{uint16(i), float32(float64(int8(weights[j])) * l.Scale)})
		}
		m.labels, m.bias, m.prior = append(m.labels, l.ID), append(m.bias, l.Bias), append(m.prior, l.Prior)
	}
	ids, err := decodeSet(f.Seen)
	if err != nil {
		return nil, fmt.Errorf("read technique model: %w", err)
	}
	for _, id := range ids {
		m.seen[id] = true
	}
	return m, nil
}

// Labels lists the techniques that the model knows.
func (m *Model) Labels() []attack.ID { return slices.Clone(m.labels) }

// Trained says whether the model was trained on this very sentence.
func (m *Model) Trained(sentence string) bool { return m.seen[SentenceKey(sentence)] }

// SentenceKey tells sentences apart without regard to case and punctuation.
func SentenceKey(s string) uint32 {
	h, _ := hashName(s)
	return uint32(h ^ h>>32)
}

// score adds to dst the log-odds of every label for a sentence.
func (m *Model) score(features []uint32, dst []float64) []float64 {
	dst = slices.Grow(dst[:0], len(m.labels))[:len(m.labels)]
	clear(dst)
	if len(features) > 0 {
		for _, f := range features {
			for _, p := range m.posts[f] {
				dst[p.label] += float64(p.weight)
			}
		}
		norm := 1 / math.Sqrt(float64(len(features)))
		for i := range dst {
			dst[i] *= norm
		}
	}
	for i := range dst {
		dst[i] += m.bias[i]
	}
	return dst
}

// Evidence is what a document says for one technique.
type Evidence struct {
	Best   []float64 // the log-odds of its best sentences, best first; three count
	Named  int       // how often the technique's name stands in it
	Cited  int       // how often its id does
	Length int       // sentences in the document
	Prior  float64   // log-odds of the technique among documents
}

// Pool returns the terms that judge a document, for training and use.
func Pool(e Evidence) [PoolTerms]float64 {
	best := [3]float64{-9, -9, -9}
	any := 1.0
	for i, b := range e.Best {
		if i < 3 {
			best[i] = max(b, -9)
		}
		any *= 1 - logistic(b)
	}
	named := 0.0
	if e.Named > 0 {
		named = 1
	}
	return [PoolTerms]float64{
		1, best[0], (best[1] + best[2]) / 2, math.Log(max(1-any, 1e-6) / max(any, 1e-6)),
		named, math.Log1p(float64(e.Named)), math.Log(float64(e.Length) + 1), e.Prior,
	}
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// probability judges a document.
func (m *Model) probability(e Evidence) float64 {
	sum := 0.0
	for i, t := range Pool(e) {
		sum += t * m.pool[i]
	}
	return logistic(sum)
}

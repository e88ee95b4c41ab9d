package extract

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Entity is somebody or something with a name.
type Entity struct {
	Kind    Kind     `json:"k"`
	Name    string   `json:"n"`
	Aliases []string `json:"a,omitempty"`
	ID      string   `json:"i,omitempty"` // of ATT&CK, or an ISO 3166 code
}

// Names is a dictionary of entities by name and alias. It never changes and is
// safe for concurrent use.
type Names struct {
	entities []Entity
	at       map[uint64][]nameRef
	longest  int
	words    map[uint32]bool // words of ordinary English
}

// nameRef is one alias of an entity.
type nameRef struct {
	entity int32
	alias  int16 // -1 is the name itself
	common bool  // is a word, or too short to be told from one
	joined bool  // the words of the alias, written as one
}

type nameFile struct {
	About    string   `json:"about"`
	Words    string   `json:"words"`
	Entities []Entity `json:"entities"`
}

// EncodeNames writes a dictionary, compressed, with a line on where it comes from.
// words are the hashes ([WordHash]) of words that are ordinary English, sorted.
func EncodeNames(w io.Writer, entities []Entity, words []uint32, about string) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(nameFile{about, encodeSet(words), entities}); err != nil {
		return err
	}
	return z.Close()
}

// WordHash names a word in the list of ordinary ones.
func WordHash(s string) uint32 {
	h := hashWord(0, s)
	return uint32(h^h>>32) & (1<<30 - 1)
}

const namesLimit = 32 << 20

// DecodeNames reads what EncodeNames wrote.
func DecodeNames(r io.Reader) (*Names, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(z, namesLimit)); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	var f nameFile
	if err := json.Unmarshal(b.Bytes(), &f); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	ids, err := decodeSet(f.Words)
	if err != nil {
		return nil, fmt.Errorf("read names: words: %w", err)
	}
	if len(f.Entities) == 0 || len(f.Entities) > 1<<20 {
		return nil, errors.New("read names: there are none")
	}
	n := &Names{entities: f.Entities, at: map[uint64][]nameRef{}, words: make(map[uint32]bool, len(ids))}
	for _, id := range ids {
		n.words[id] = true
	}
	for i, e := range f.Entities {
		n.add(int32(i), -1, e.Name)
		for j, a := range e.Aliases[:min(len(e.Aliases), 1000)] {
			n.add(int32(i), int16(j), a)
		}
	}
	return n, nil
}

// Len returns how many entities there are.
func (n *Names) Len() int { return len(n.entities) }

// ordinary says whether a word is one of ordinary English.
func (n *Names) ordinary(s string) bool { return n != nil && n.words[WordHash(s)] }

// generic are words that names are given and taken away: "Raccoon Stealer" is
// called "Raccoon".
var generic = set(`rat ransomware stealer malware trojan backdoor loader bot botnet group team gang apt infostealer downloader worm wiper spyware rootkit miner banker locker`)

func (n *Names) add(entity int32, alias int16, s string) {
	if i := strings.IndexAny(s, "(["); i > 2 {
		s = s[:i] // what is explained in brackets
	}
	ws := words(s)
	if len(ws) == 0 || len(ws) > 8 {
		return
	}
	h, common := uint64(0), true
	for _, w := range ws {
		h = hashWord(h, s[w.from:w.to])
		word := s[w.from:w.to]
		common = common && (n.ordinary(word) || generic[strings.ToLower(word)] || len(ws) > 1 && strings.Trim(word, "0123456789") == "")
	}
	size := ws[len(ws)-1].to - ws[0].from
	if size < 2 || strings.Trim(s, "0123456789. ") == "" {
		return
	}
	common = common || size <= 3
	n.put(h, nameRef{entity, alias, common, false})
	n.longest = max(n.longest, len(ws))
	if len(ws) == 1 {
		return
	}
	joined := ""
	for _, w := range ws {
		joined += s[w.from:w.to]
	}
	if len(joined) >= 7 {
		n.put(hashWord(0, joined), nameRef{entity, alias, n.ordinary(joined), true})
	}
	last := ws[len(ws)-1]
	if kind := n.entities[entity].Kind; generic[strings.ToLower(s[last.from:last.to])] && (kind == Malware || kind == Tool || kind == Actor) {
		short := strings.TrimSpace(s[ws[0].from:ws[len(ws)-2].to])
		if h, _ := hashName(short); len(short) > 3 && strings.Trim(short, "0123456789") != "" {
			n.put(h, nameRef{entity, alias, len(ws) == 2 && n.ordinary(short), false})
		}
	}
}

func (n *Names) put(h uint64, r nameRef) {
	for i, old := range n.at[h] {
		if old.entity == r.entity {
			n.at[h][i].common = old.common && r.common
			return
		}
	}
	n.at[h] = append(n.at[h], r)
}

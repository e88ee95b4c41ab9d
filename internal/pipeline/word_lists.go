package pipeline

import "slices"

// list is a list of words in the order in which they came; 0 is the empty one.
type list uint32

// wordLists keeps lists of words: each word once, and each list once, as the list before
// its last word and that word. Millions of values share few lists.
type wordLists struct {
	words *interned
	nodes []listed        // by list, without the empty one
	next  map[uint64]list // by list and word
}

type listed struct {
	before list
	word   uint32
}

func newWordLists() *wordLists { return &wordLists{words: newInterned(), next: map[uint64]list{}} }

// with returns a list with a word behind it, and the same list when the word is in it, or
// empty.
func (w *wordLists) with(l list, word string) list {
	if word == "" {
		return l
	}
	n, known := w.words.number([]byte(word))
	for at := l; known && at != 0; at = w.nodes[at-1].before {
		if w.nodes[at-1].word == n {
			return l
		}
	}
	key := uint64(l)<<32 | uint64(n)
	longer, ok := w.next[key]
	if !ok {
		w.nodes = append(w.nodes, listed{l, n})
		longer = list(len(w.nodes))
		w.next[key] = longer
	}
	return longer
}

// of returns the words of a list, never nil.
func (w *wordLists) of(l list) []string {
	words := []string{}
	for ; l != 0; l = w.nodes[l-1].before {
		words = append(words, string(w.words.text(w.nodes[l-1].word)))
	}
	slices.Reverse(words)
	return words
}

// settled gives up what it takes to add more.
func (w *wordLists) settled() {
	w.words.settled()
	w.next = nil
}

package intel

// repetition is what a run of a source said again word for word: it is not written,
// only remembered until the run is over, one bit for each row of the store.
type repetition struct {
	run   RunKey
	pages map[int64]*bitPage // by Seq / pageBits
}

const pageBits = 1 << 15

type bitPage [pageBits / 64]uint64

func (r repetition) has(seq int64) bool {
	p := r.pages[seq/pageBits]
	n := uint64(seq) % pageBits
	return p != nil && p[n/64]&(1<<(n%64)) != 0
}

func (r repetition) add(seq int64) {
	p := r.pages[seq/pageBits]
	if p == nil {
		p = new(bitPage)
		r.pages[seq/pageBits] = p
	}
	n := uint64(seq) % pageBits
	p[n/64] |= 1 << (n % 64)
}

// repeat remembers what a batch of a run said again.
func (s *Service) repeat(source string, run RunKey, seqs []int64) {
	r := s.repeated[source]
	if r.run != run || r.pages == nil {
		r = repetition{run: run, pages: map[int64]*bitPage{}}
		s.repeated[source] = r
	}
	for _, seq := range seqs {
		r.add(seq)
	}
}

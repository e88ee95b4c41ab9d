package intel

// repetition is what a run of a source said again word for word: it is not written,
// only remembered until the run is over, one bit for each row of the store.
type repetition struct {
	run   RunKey
	pages map[int64]*bitPage     // by Seq / pageBits
	held  map[int64]AssertionRow // by Seq: said in part, see hold
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

// repeatedBy returns what is remembered of a run of a source.
func (s *Service) repeatedBy(source string, run RunKey) repetition {
	r := s.repeated[source]
	if r.run != run || r.pages == nil {
		r = repetition{run: run, pages: map[int64]*bitPage{}, held: map[int64]AssertionRow{}}
		s.repeated[source] = r
	}
	return r
}

// repeat remembers what a batch of a run said again.
func (s *Service) repeat(source string, run RunKey, seqs []int64) {
	r := s.repeatedBy(source, run)
	for _, seq := range seqs {
		r.add(seq)
	}
}

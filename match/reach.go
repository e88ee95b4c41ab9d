package match

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"runtime"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// Reach is what a set of indicators can touch: traces, and for each of them the
// stretches of values, ordered by Place, among which are all that Lookup would find.
// It never changes and is safe for concurrent use.
type Reach struct {
	wanted []Wanted
	traces []uint64 // ascending
	of     []uint32 // to which of wanted a trace belongs
	always []Span
}

// Wanted is an indicator: a type and a canonical value.
type Wanted struct {
	Type  indicator.Type
	Value string
}

// Span is a stretch of the values of a type, by place.
type Span struct {
	Type indicator.Type
	From string
	To   string // not included; "" = to the end
}

// NewReach returns what indicators can touch, together with all values of some types.
// It takes whatever there is, also what a Builder refuses.
func NewReach(wanted []Wanted, whole ...indicator.Type) *Reach {
	r := &Reach{wanted: wanted}
	for _, t := range whole {
		if s := (Span{Type: t}); !slices.Contains(r.always, s) {
			r.always = append(r.always, s)
		}
	}
	all := make([]filed, 0, len(wanted))
	for i, w := range wanted {
		if (w.Type == indicator.IPv4 || w.Type == indicator.IPv6) && strings.IndexByte(w.Value, '/') >= 0 {
			r.addNet(w.Value)
			continue
		}
		all = append(all, filed{w.trace(), uint32(i)})
	}
	all = inOrder(all)
	r.traces, r.of = make([]uint64, len(all)), make([]uint32, len(all))
	for i, f := range all {
		r.traces[i], r.of[i] = f.trace, f.of
	}
	return r
}

// filed is the trace of an indicator, and to which of those wanted it belongs.
type filed struct {
	trace uint64
	of    uint32
}

// inOrder sorts by trace and uses up what it is given. Many are put in order digit by
// digit, the lowest first: that takes a tenth of the time of comparing them.
func inOrder(all []filed) []filed {
	const (
		digits   = 4
		digit    = TraceBits / digits
		worth    = 1000
		allOfOne = 1<<digit - 1
	)
	if len(all) < worth {
		slices.SortStableFunc(all, func(a, b filed) int { return cmp.Compare(a.trace, b.trace) })
		return all
	}
	other := make([]filed, len(all))
	for shift := 0; shift < TraceBits; shift += digit {
		var next [1 << digit]int // where the next with a digit goes
		for i := range all {
			next[all[i].trace>>shift&allOfOne]++
		}
		sum := 0
		for d, n := range next {
			next[d], sum = sum, sum+n
		}
		for _, f := range all {
			at := &next[f.trace>>shift&allOfOne]
			other[*at] = f
			*at++
		}
		all, other = other, all
	}
	return all
}

// Reach returns what the index can touch, nil when it has more than most
// indicators: then asking it about every value is as quick.
func (x *Index) Reach(most int) *Reach {
	if x.n > most || x.dups > most {
		return nil
	}
	return NewReach(x.wanted(make([]Wanted, 0, x.n)))
}

// Reach returns what the view can touch, as [Index.Reach].
func (v *View) Reach(most int) *Reach {
	if v.main.n+v.delta.n > most || v.main.dups+v.delta.dups > most {
		return nil
	}
	return NewReach(v.delta.wanted(v.main.wanted(nil)))
}

// Wanted returns every indicator of the index.
func (x *Index) Wanted() []Wanted { return x.wanted(nil) }

func (x *Index) wanted(dst []Wanted) []Wanted {
	first := len(dst)
	var values strings.Builder // of all: one copy, not one of each
	ends := make([]int, 0, x.n)
	const usual = 32 // bytes of a value
	values.Grow(usual * min(x.n, 1<<20))
	for p, page := range x.text {
		at := 0
		if p == 0 {
			at = 1 // offset 0 means a free slot
		}
		for {
			s, _, v := x.record(uint32(p<<pageBits | at))
			if s == spaceNone {
				break
			}
			if t := s.holds(); t != "" {
				values.Write(v)
				dst, ends = append(dst, Wanted{Type: t}), append(ends, values.Len())
			}
			_, w := binary.Uvarint(page[at+recordHead:])
			at += recordHead + w + len(v)
		}
	}
	from, all := 0, values.String()
	for i, end := range ends {
		dst[first+i].Value, from = all[from:end], end
	}
	for i := 0; i+netSlot <= len(x.nets.slots); i += netSlot {
		if p, ok := prefixIn(x.nets.slots[i : i+netSlot]); ok {
			t := indicator.IPv6
			if p.Addr().Is4() {
				t = indicator.IPv4
			}
			dst = append(dst, Wanted{t, p.String()})
		}
	}
	runtime.KeepAlive(x) // see Lookup
	return dst
}

// prefixIn reads a slot of the table of networks.
func prefixIn(slot []byte) (netip.Prefix, bool) {
	hi, lo := binary.LittleEndian.Uint64(slot), binary.LittleEndian.Uint64(slot[8:])
	switch slot[familyByte] {
	case 4:
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(lo))
		p := netip.PrefixFrom(netip.AddrFrom4(b), int(slot[24]))
		return p, p.IsValid()
	case 6:
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], hi)
		binary.BigEndian.PutUint64(b[8:], lo)
		p := netip.PrefixFrom(netip.AddrFrom16(b), int(slot[24]))
		return p, p.IsValid()
	}
	return netip.Prefix{}, false
}

// holds is the type of what lies in a space.
func (s space) holds() indicator.Type {
	if s == spaceURL || s == spaceAnyURL || s == spacePath {
		return indicator.URL
	}
	for _, t := range indicator.Types {
		if spaceOf(t) == s {
			return t
		}
	}
	return ""
}

// Traces returns the traces, ascending; two indicators may have the same.
func (r *Reach) Traces() []uint64 { return r.traces }

// Always returns what has no traces: where addresses of networks lie, and all values
// of some types.
func (r *Reach) Always() []Span { return r.always }

// addNet notes where addresses of a network lie.
func (r *Reach) addNet(value string) {
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return
	}
	last := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	from, to := string(numberPlace(p.Masked().Addr(), nil)), after(numberPlace(end, nil))
	for _, t := range [...]indicator.Type{indicator.IPv4, indicator.IPv6, indicator.IPv4Port, indicator.IPv6Port, indicator.URL} {
		r.always = append(r.always, Span{t, from, to})
	}
}

// trace is the one trace that all that an indicator touches has.
func (w Wanted) trace() uint64 {
	switch t, v := w.Type, w.Value; t {
	case indicator.IPv4, indicator.IPv6:
		return trace(traceAddress, v)
	case indicator.Domain:
		return trace(traceName, v)
	case indicator.DomainPort:
		return trace(traceName, v[:max(strings.LastIndexByte(v, ':'), 0)])
	case indicator.IPv4Port, indicator.IPv6Port:
		return trace(traceAddress, strings.Trim(v[:max(strings.LastIndexByte(v, ':'), 0)], "[]"))
	case indicator.URL:
		u := cutURL(v)
		switch {
		case u.host == "":
			path, _, _ := strings.Cut(u.path, "?")
			return trace(tracePath, path)
		case baseOf(u.path) != "":
			return below(u.host, baseOf(u.path))
		case numeric(u.host):
			return trace(traceAddress, strings.Trim(u.host, "[]"))
		}
		return trace(traceName, u.host)
	}
	return traceOf(w.Type, w.Value)
}

// Itself returns the indicator of the i-th trace as a value which it touches. Known says
// that this value has the trace as well; only, that no other value of its type does
// which it touches.
func (r *Reach) Itself(i int) (w Wanted, known, only bool) {
	w = r.wanted[r.of[i]]
	switch w.Type {
	case indicator.DomainPort, indicator.IPv4Port, indicator.IPv6Port, indicator.URL:
		var few [traceLevels * 4]uint64
		return w, slices.Contains(Traces(w.Type, w.Value, few[:0]), r.traces[i]), false
	case indicator.Domain, indicator.Email, indicator.FileName, indicator.UserAccount:
		return w, true, false
	}
	return w, true, true
}

// Spans calls fn with the stretches of values among which are all that the indicator
// of the i-th trace touches.
func (r *Reach) Spans(i int, fn func(Span)) {
	w := r.wanted[r.of[i]]
	from := Place(w.Type, w.Value, nil)
	var types []indicator.Type
	switch w.Type {
	case indicator.IPv4, indicator.IPv6:
		types = []indicator.Type{w.Type, indicator.IPv4Port, indicator.IPv6Port, indicator.URL}
	case indicator.Domain:
		types = []indicator.Type{indicator.Domain, indicator.URL, indicator.Email, indicator.DomainPort}
	case indicator.DomainPort:
		types = []indicator.Type{indicator.DomainPort, indicator.URL}
		from = namePlace(w.Value[:max(strings.LastIndexByte(w.Value, ':'), 0)], nil)
	case indicator.IPv4Port, indicator.IPv6Port:
		types = []indicator.Type{indicator.IPv4Port, indicator.IPv6Port, indicator.URL}
		from = addressPlace(strings.Trim(w.Value[:max(strings.LastIndexByte(w.Value, ':'), 0)], "[]"), nil)
	case indicator.URL:
		u := cutURL(w.Value)
		switch {
		case u.host == "": // on any host
			from = nil
		case u.path == "/": // whatever lies on the host
			from = hostPlace(u.host, nil)
		}
		types = []indicator.Type{w.Type}
	default:
		types = []indicator.Type{w.Type}
	}
	to := after(from)
	for _, t := range types {
		fn(Span{t, string(from), to})
	}
}

// after is the first place behind all that begin so; "" when there is none.
func after(place []byte) string {
	for n := len(place); n > 0; n-- {
		if place[n-1] < 0xff {
			end := slices.Clone(place[:n])
			end[n-1]++
			return string(end)
		}
	}
	return ""
}

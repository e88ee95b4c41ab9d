package intel

import (
	"encoding/binary"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-soc/vedette/indicator"
)

// RunKey stands for an import.
type RunKey int64

// RunKeyOf returns the key of a run.
func RunKeyOf(run string) RunKey { return RunKey(xxhash.Sum64String(run)) }

// Mark stands for all that a source says of an indicator, and for how much that source
// is trusted: as long as it is the same, neither claim nor confidence need be looked
// at. When the source saw it last is not part of it. 0 stands for nothing.
type Mark int64

// mark returns the mark of what a says of a value.
func (t trust) mark(typ indicator.Type, value string, a AssertionRow) Mark {
	var h xxhash.Digest
	h.Reset()
	var buf [8]byte
	number := func(n int64) {
		binary.LittleEndian.PutUint64(buf[:], uint64(n))
		_, _ = h.Write(buf[:])
	}
	text := func(s string) {
		number(int64(len(s)))
		_, _ = h.WriteString(s)
	}
	words := func(list []string) {
		number(int64(len(list)))
		for _, w := range list {
			text(w)
		}
	}
	text(string(typ))
	text(value)
	number(int64(a.Confidence)<<8 | int64(a.TLP))
	text(string(a.Layer))
	text(a.KillChain)
	text(a.Comment)
	text(a.Reference)
	text(a.ExternalID)
	words(a.Names)
	words(a.Tags)
	number(micros(a.ValidFrom))
	number(micros(a.Until))
	if t.reliability != nil {
		text(t.reliability(a.Source))
	}
	d := t.decay(a.Source, typ)
	number(int64(d.Lifetime))
	number(int64(d.Delta * 1e6))
	number(int64(d.Threshold * 1e6))
	return Mark(max(h.Sum64(), 1))
}

// micros is t as it is stored.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

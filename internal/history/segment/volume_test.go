package segment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// bindery is a history to which anything happens.
type bindery struct {
	t      *testing.T
	h      *segment.History
	dir    string
	rnd    *rand.Rand
	limits segment.Limits
	notes  []telemetry.Note // of record 1 and on
	most   int              // segments bound at once
	asked  int
}

// TestVolumesSayWhatSegmentsSay: whatever happens to a history, an answer with volumes
// is the answer of its segments alone.
func TestVolumesSayWhatSegmentsSay(t *testing.T) {
	for seed := range uint64(3) {
		b := &bindery{t: t, dir: t.TempDir(), rnd: rand.New(rand.NewPCG(seed, 77)), limits: segment.Limits{Records: 30, Volume: 2 + int(seed)*3}}
		b.h = open(t, b.dir, b.limits)
		for range 80 {
			b.step()
			b.same()
		}
		if err := b.h.Close(); err != nil {
			t.Fatal(err)
		}
		if b.most < 2*b.limits.Volume || b.asked == 0 {
			t.Errorf("seed %d: at most %d segments were bound, and %d answers had anything: that proves little", seed, b.most, b.asked)
		}
	}
}

func (b *bindery) step() {
	switch n := b.rnd.IntN(20); {
	case n < 9:
		b.append(1 + b.rnd.IntN(100))
	case n < 13:
		b.bind()
	case n < 14:
		stats, err := b.h.Stats(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := b.h.Retain(b.t.Context(), 1+stats.Bytes*int64(80+b.rnd.IntN(20))/100, 0); err != nil {
			b.t.Fatal(err)
		}
	case n < 16:
		if err := b.h.Close(); err != nil {
			b.t.Fatal(err)
		}
		b.open()
	case n < 18:
		b.crash()
	case n < 19:
		b.hurt(b.dir)
	default: // questions while volumes are made
		var wg sync.WaitGroup
		wg.Go(b.bind)
		b.same()
		wg.Wait()
	}
	_, bound := b.h.Volumes()
	b.most = max(b.most, bound)
}

func (b *bindery) bind() {
	if err := b.h.Bind(b.t.Context()); err != nil {
		b.t.Error(err)
	}
}

// value is one of few, of which some are often there.
func (b *bindery) value() telemetry.Value {
	n := b.rnd.IntN(1 + b.rnd.IntN(400))
	v := telemetry.Value{Type: indicator.IPv4, Text: fmt.Sprintf("198.51.%d.%d", n%3, n/3)}
	switch n % 5 {
	case 0:
		v = telemetry.Value{Type: indicator.Domain, Text: fmt.Sprintf("h%d.site%d.example.org", n, n%4)}
	case 1:
		v = telemetry.Value{Type: indicator.URL, Text: fmt.Sprintf("http://site%d.example.org/a/%d", n%4, n)}
	case 2:
		switch n % 4 {
		case 0: // above others
			v = telemetry.Value{Type: indicator.Domain, Text: fmt.Sprintf("site%d.example.org", n%8)}
		case 1:
			v = telemetry.Value{Type: indicator.URL, Text: "http://" + v.Text + "/"}
		case 2:
			v = telemetry.Value{Type: indicator.SHA256, Text: fmt.Sprintf("%064x", n)}
		}
	}
	v.Key = telemetry.KeyOf(v.Type, v.Text)
	return v
}

func (b *bindery) append(n int) {
	records := historytest.Records(b.rnd.Uint64(), n)
	first, err := b.h.Append(b.t.Context(), records)
	if err != nil || int(first) != len(b.notes)+1 {
		b.t.Fatal(first, len(b.notes), err)
	}
	for i := range n {
		note := telemetry.Note{Time: time.Unix(int64(1_700_000_000+b.rnd.IntN(30*86400)), 0), Source: fmt.Sprintf("sensor-%d", b.rnd.IntN(1+b.rnd.IntN(150)))}
		for range b.rnd.IntN(4) {
			note.Values = append(note.Values, b.value())
		}
		b.notes = append(b.notes, note)
		if err := b.h.Note(b.t.Context(), first+telemetry.Seq(i), note); err != nil {
			b.t.Fatal(err)
		}
	}
}

// open opens the directory, and notes again what was not durable.
func (b *bindery) open() {
	b.h = open(b.t, b.dir, b.limits)
	for seq := b.h.Noted() + 1; int(seq) <= len(b.notes); seq++ {
		if err := b.h.Note(b.t.Context(), seq, b.notes[seq-1]); err != nil {
			b.t.Fatal(err)
		}
	}
}

// crash goes on with a copy of the files as they are, of which the volumes may be of
// any state.
func (b *bindery) crash() {
	to := b.t.TempDir()
	files, err := filepath.Glob(filepath.Join(b.dir, "0*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) { // the background was quicker
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		name := filepath.Base(path)
		if strings.Contains(name, ".vol") && b.rnd.IntN(4) == 0 {
			data = data[:b.rnd.IntN(len(data)+1)]
		}
		if strings.HasSuffix(name, ".vol") && b.rnd.IntN(4) == 0 {
			name += ".tmp"
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := b.h.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.dir = to
	b.open()
}

// hurt flips a byte of a volume that is in use.
func (b *bindery) hurt(dir string) {
	volumes, err := filepath.Glob(filepath.Join(dir, "*.vol"))
	if err != nil {
		b.t.Fatal(err)
	}
	if len(volumes) == 0 {
		return
	}
	path := volumes[b.rnd.IntN(len(volumes))]
	info, err := os.Stat(path)
	if err != nil {
		b.t.Fatal(err)
	}
	flip(b.t, path, b.rnd.Int64N(info.Size()))
}

// same asks several questions of volumes, and of segments alone.
func (b *bindery) same() {
	var questions []func() any
	for range 6 {
		v, limit := b.value(), b.rnd.IntN(40)
		questions = append(questions, func() any {
			s, err := b.h.Seen(b.t.Context(), v.Key)
			return []any{s, err}
		}, func() any {
			f, err := b.h.Find(b.t.Context(), v.Key, limit)
			return []any{f, err}
		})
	}
	wanted, nets := b.reach()
	questions = append(questions, func() any { return b.sift(wanted) }, func() any { return b.sift(nets) })
	with := make([]any, len(questions))
	for i, ask := range questions {
		with[i] = ask()
	}
	b.h.Alone(func() {
		for i, ask := range questions {
			if alone := ask(); !cmp.Equal(with[i], alone, cmpopts.EquateEmpty(), cmpopts.EquateErrors()) {
				b.t.Fatalf("with volumes %v, without %v", with[i], alone)
			}
		}
	})
	for _, w := range with {
		if f, ok := w.([]any); ok {
			if s, ok := f[0].(telemetry.Seen); ok && s.Count > 0 {
				b.asked++
			}
		}
	}
}

// reach makes two sets of indicators, one with a network.
func (b *bindery) reach() (values, nets *match.Index) {
	for _, x := range []**match.Index{&values, &nets} {
		var m match.Builder
		for i := range 1 + b.rnd.IntN(60) {
			v := b.value()
			_ = m.Add(v.Type, v.Text, uint64(i)+1)
		}
		if x == &nets {
			_ = m.Add(indicator.IPv4, "198.51.1.32/28", 99)
		}
		*x = m.Build()
	}
	return values, nets
}

// sifted is what a look back answers.
type sifted struct {
	seqs           []telemetry.Seq
	values, missed int
}

// Equal says that two look backs find the same. They may have asked about more or less: a
// volume knows more at once, a segment more of itself.
func (s sifted) Equal(alone sifted) bool {
	return slices.Equal(s.seqs, alone.seqs) && s.missed == alone.missed
}

// sift returns the records that hold one of the indicators, and how many values were
// asked about.
func (b *bindery) sift(x *match.Index) any {
	pick := pickOf(x)
	pick.Reach = x.Reach(1_000_000)
	parts, err := b.h.Parts(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	var seqs []telemetry.Seq
	values, missed := 0, 0
	for _, p := range parts {
		s, err := b.h.Sift(b.t.Context(), p, pick)
		if err != nil {
			b.t.Fatal(err)
		}
		seqs = append(seqs, s.Seqs...)
		values, missed = values+s.Values, missed+s.Missed
	}
	return sifted{seqs, values, missed}
}

// TestVolumeIsMadeAgain: a damaged volume is told, passed over and made again.
func TestVolumeIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	h, err := segment.Open(dir, segment.Limits{Records: 30, Volume: 4}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	b := &bindery{t: t, h: h, dir: dir, rnd: rand.New(rand.NewPCG(5, 5))}
	b.append(300)
	b.bind()
	if volumes, bound := h.Volumes(); volumes != 2 || bound != 8 {
		t.Fatalf("%d volumes of %d segments", volumes, bound)
	}
	path := filepath.Join(dir, fmt.Sprintf("%020d.vol", 1))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, path, 2)
	key := b.notes[slices.IndexFunc(b.notes, func(n telemetry.Note) bool { return len(n.Values) > 0 })].Values[0].Key
	if s, err := h.Seen(t.Context(), key); err != nil || s.Count == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	b.bind()
	b.same()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, whole) {
		t.Errorf("it is not as it was before the damage: %v", err)
	}
	if !strings.Contains(log.String(), path) {
		t.Errorf("the log does not name it: %s", log.String())
	}
	if v, err := segment.Verify(t.Context(), dir); err != nil || v.Volumes != 2 || len(v.Stale)+len(v.Problems) > 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestVolumeOfOldSidecars: segments of before there were traces, and of before it was known
// which of them are lone, are bound as well.
func TestVolumeOfOldSidecars(t *testing.T) {
	for version := 2; version <= 3; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) { volumeOfOldSidecars(t, version) })
	}
}

func volumeOfOldSidecars(t *testing.T, version int) {
	dir := t.TempDir()
	oldSegment(t, dir, version)
	b := &bindery{t: t, dir: dir, rnd: rand.New(rand.NewPCG(5, 6)), limits: segment.Limits{Records: 100, Volume: 3}}
	b.notes = make([]telemetry.Note, 400)
	b.open()
	b.append(350)
	b.bind()
	if volumes, bound := b.h.Volumes(); volumes != 1 || bound != 3 {
		t.Fatalf("%d volumes of %d segments", volumes, bound)
	}
	for range 20 {
		b.same()
	}
	var old match.Builder
	if err := old.Add(indicator.Domain, "site8.example", 1); err != nil {
		t.Fatal(err)
	}
	if found, _, _ := sameInReach(t, b.h, old.Build()); found == 0 {
		t.Error("nothing is found in the old segment")
	}
	if err := b.h.Close(); err != nil {
		t.Fatal(err)
	}
}

// volumeBytes are those of a small volume.
func volumeBytes(t testing.TB) []byte {
	dir := t.TempDir()
	h := open(t, dir, segment.Limits{Records: 10, Volume: 3})
	for seq := range telemetry.Seq(40) {
		if _, err := h.Append(testContext(), historytest.Records(uint64(seq), 1)); err != nil {
			t.Fatal(err)
		}
		n := telemetry.Note{Time: time.Unix(1_700_000_000+int64(seq)*9000, 0), Source: "s"}
		for _, text := range []string{fmt.Sprintf("198.51.100.%d", seq%7), "198.51.100.200"} {
			n.Values = append(n.Values, telemetry.Value{Type: indicator.IPv4, Text: text, Key: telemetry.KeyOf(indicator.IPv4, text)})
		}
		if err := h.Note(testContext(), seq+1, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Bind(testContext()); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%020d.vol", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestVolumeDamage flips a bit of each byte of a volume: it is told, or the answer is the same.
func TestVolumeDamage(t *testing.T) {
	good := volumeBytes(t)
	path := filepath.Join(t.TempDir(), "volume")
	var wanted []uint64
	for i := range 300 {
		wanted = match.Traces(indicator.IPv4, fmt.Sprintf("198.51.100.%d", i), wanted)
	}
	slices.Sort(wanted)
	ask := func(data []byte) (string, error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, answer, err := segment.ReadVolume(path, telemetry.KeyOf(indicator.IPv4, "198.51.100.3"), wanted)
		return answer, err
	}
	want, err := ask(good)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if got, err := ask(bad); err == nil && got != want {
			t.Errorf("byte %d of %d: %s, want %s", i, len(good), got, want)
		}
	}
}

// FuzzVolume reads any file whose checksum fits; what it says is within its bounds.
func FuzzVolume(f *testing.F) {
	const foot = 32
	good := volumeBytes(f)
	f.Add(good[:len(good)-foot], uint32(3), uint32(1), uint32(1), uint32(3), binary.LittleEndian.Uint32(good[len(good)-foot+16:]), uint64(9))
	f.Add([]byte{}, uint32(0), uint32(0), uint32(0), uint32(0), uint32(0), uint64(0))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, p []byte, segments, pages, traces, names, sets uint32, key uint64) {
		le := binary.LittleEndian
		tables := uint64(segments)*24 + (uint64(pages)+uint64(traces))*16 + uint64(names)
		var tail []byte
		for _, n := range []uint32{segments, pages, traces, names, sets} {
			tail = le.AppendUint32(tail, n)
		}
		crc := crc32.Checksum(append(slices.Clone(p[len(p)-int(min(tables, uint64(len(p)))):]), tail...), crc32.MakeTable(crc32.Castagnoli))
		path := filepath.Join(dir, fmt.Sprint(os.Getpid()))
		if err := os.WriteFile(path, slices.Concat(p, le.AppendUint32(tail, crc), []byte("VEDVOL\x00\x03")), 0o600); err != nil {
			t.Fatal(err)
		}
		n, _, err := segment.ReadVolume(path, telemetry.Key(key), []uint64{0, key, key + 1})
		if err == nil && (n == 0 || n > 64 || n != int(segments)) {
			t.Errorf("%d segments of %d", n, segments)
		}
	})
}

// FuzzSighted reads what a volume holds of a key; what is read is written the same.
func FuzzSighted(f *testing.F) {
	f.Add([]byte("\x01\x80\xc0\x86\xbb\x0c\x00\x00\x00\x00\x02"), uint8(3), uint8(1))
	f.Add([]byte("\x05\x02\x09\x00\x00\x05\x01\x02\x05\x00\x02"), uint8(64), uint8(9))
	f.Fuzz(func(t *testing.T, p []byte, segments, sources uint8) {
		again, ok := segment.ReadSighted(p, int(segments%65), int(sources))
		if !ok {
			return
		}
		once, ok := segment.ReadSighted(again, int(segments%65), int(sources))
		if !ok || !bytes.Equal(once, again) {
			t.Errorf("%x, written %x, written again %x (%v)", p, again, once, ok)
		}
	})
}

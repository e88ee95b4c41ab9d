package segment

import "github.com/vedette-soc/vedette/internal/telemetry"

// ParseBlock is exported for fuzzing: what lies behind a checksum cannot be
// reached from outside.
var ParseBlock = parseBlock

// Scan returns how many records a log holds and where its good part ends.
func Scan(log []byte) (records int, end int64) {
	frames, end := scan(log, 1)
	for _, f := range frames {
		records += int(f.count)
	}
	return records, end
}

// FindInPage looks for key in a page of postings of count records.
func FindInPage(page []byte, key telemetry.Key, count uint32) (telemetry.Found, bool) {
	s := sidecar{part: part{first: 1, count: count}}
	var f telemetry.Found
	list, ok := inPage(page, key)
	if !ok || list.p == nil {
		return f, ok
	}
	ok = s.rows(list, 1000, &f)
	return f, ok
}

// Words reads a block of words.
func Words(plain []byte, count uint32) bool {
	return eachWord(string(plain), count, func(string) {})
}

// Meet returns which wanted traces a page of traces holds, and where the page ends
// among them.
func Meet(page []byte, wanted []uint64) (met []int, end int) {
	end = meet(page, wanted, 0, func(i int) { met = append(met, i) })
	return met, end
}

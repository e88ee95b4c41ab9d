package clickhouse_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/clickhouse"
)

// FuzzAnswer: whatever a server sends, it is read to its end or refused, and a row
// that is cut off is never taken for one.
func FuzzAnswer(f *testing.F) {
	whole := append(binary.AppendUvarint(make([]byte, 8), 3), "abc"...)
	f.Add(whole, 0)
	f.Add(append(whole, whole...), 1)
	f.Add(append(make([]byte, 8), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), 0)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		n, err := clickhouse.Rows(bytes.NewReader(b))
		if least := 9; n*least > len(b) {
			t.Errorf("%d rows in %d bytes", n, len(b))
		}
		if err != nil || n == 0 {
			return
		}
		if cut = max(cut, -cut) % len(b); cut < 0 {
			cut = 0
		}
		m, err := clickhouse.Rows(bytes.NewReader(b[:cut]))
		if m > n || err == nil && m == n {
			t.Errorf("%d rows of the first %d bytes, %d of all %d", m, cut, n, len(b))
		}
	})
}

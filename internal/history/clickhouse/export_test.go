package clickhouse

import "io"

// Rows reads an answer as rows of a number and a text, for the fuzzer.
func Rows(body io.Reader) (n int, err error) {
	a := newAnswer(io.NopCloser(body))
	for a.more() {
		a.uint64()
		_ = a.bytes()
		if a.err == nil {
			n++
		}
	}
	return n, a.close()
}

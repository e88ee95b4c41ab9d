package receiver_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestSplit: what a message of a broker may be.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		message string
		want    []string
		refused map[string]int64
	}{
		{"one line", []string{"one line"}, nil},
		{"one\ntwo\r\n", []string{"one", "two"}, nil},
		{`{"a":1}`, []string{`{"a":1}`}, nil},
		{`{"a":1}{"b":2}`, []string{`{"a":1}`, `{"b":2}`}, nil},
		{`[{"a":1},{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}, nil},
		{`{"Records":[{"a":1},{"b":2}]}`, []string{`{"a":1}`, `{"b":2}`}, nil},
		{`{"a":[{"b":2}]}`, []string{`{"a":[{"b":2}]}`}, nil},
		{"<Events><Event><System/></Event><Event x='y'> <System/></Event></Events>", []string{"<Event><System/></Event>", "<Event x='y'> <System/></Event>"}, nil},
		{"", nil, nil},
		{"a\x00b\x00", nil, map[string]int64{"encoding": 1}},
		{strings.Repeat("x", 101), nil, map[string]int64{"too-long": 1}},
	} {
		in := telemetry.NewIntake(new(historytest.Memory), 0)
		var got []string
		receiver.Split(in, format.NewRecogniser(), "x", []byte(c.message), 100, func(raw []byte, _ string) { got = append(got, string(raw)) })
		var refused map[string]int64
		if s := in.Sources(); len(s) > 0 {
			refused = s[0].Refused
		}
		if diff := cmp.Diff(c.want, got) + cmp.Diff(c.refused, refused); diff != "" {
			t.Errorf("%q: -want +got\n%s", c.message, diff)
		}
	}
}

func TestLines(t *testing.T) {
	in := receiver.NewLines(strings.NewReader("a\n\nb\r\n"+strings.Repeat("x", 11)+"\n"+strings.Repeat("y", 200_000)+"\n"+strings.Repeat("z", 10)+"\nlast"), 10)
	var got []string
	for {
		raw, err := in.Next()
		if err == io.EOF {
			break
		}
		if errors.Is(err, receiver.ErrTooLong) {
			raw = []byte("!")
		}
		got = append(got, string(raw))
	}
	if diff := cmp.Diff([]string{"a", "", "b", "!", "!", "zzzzzzzzzz", "last"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

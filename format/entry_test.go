package format_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// binaryField is a field of a journal's export in the form that any bytes fit in.
func binaryField(name, value string) string {
	return name + "\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(value)))) + value + "\n"
}

const entryOne = "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1772445600123456\n_HOSTNAME=gate\nMESSAGE=a=b \"c\"\n"

const entryJSON = `{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1772445600123456","_HOSTNAME":"gate","MESSAGE":"a=b \"c\""}`

func TestEntries(t *testing.T) {
	const one = entryJSON
	const start = "__REALTIME_TIMESTAMP=1\n"
	long := strings.Repeat("x", 500)
	for name, tt := range map[string]struct {
		in   string
		want []string // records with the lines in which they begin
	}{
		"two":            {entryOne + "\n\n" + entryOne, []string{"1 " + one, "7 " + one}},
		"line ends":      {"hello\r\n" + strings.ReplaceAll(entryOne, "\n", "\r\n") + "\r\nhello\r\n", []string{"1 hello", "2 " + one, "7 hello"}},
		"binary":         {start + binaryField("MESSAGE", "two\nlines\n") + "PRIORITY=6\n\nhello\n", []string{`1 {"__REALTIME_TIMESTAMP":"1","MESSAGE":"two\nlines\n","PRIORITY":"6"}`, "9 hello"}},
		"length of ten":  {start + binaryField("MESSAGE", "0123456789") + "\nhello\n", []string{`1 {"__REALTIME_TIMESTAMP":"1","MESSAGE":"0123456789"}`, "6 hello"}},
		"empty":          {start + binaryField("A", "") + "B=\n\n", []string{`1 {"__REALTIME_TIMESTAMP":"1","A":"","B":""}`}},
		"no text":        {start + binaryField("A", "\xff\x00") + "\n", []string{`1 {"__REALTIME_TIMESTAMP":"1","A":"\ufffd\u0000"}`}},
		"twice":          {start + "A=1\nB=2\n" + binaryField("A", "3") + "A=4\n\n", []string{`1 {"__REALTIME_TIMESTAMP":"1","A":["1","3","4"],"B":"2"}`}},
		"no field":       {start + "A=1\nhello world\nB=1\n\n" + entryOne, []string{`1 {"__REALTIME_TIMESTAMP":"1","A":"1"}`, "3 hello world", "4 B=1", "6 " + one}},
		"cut off":        {start + binaryField("A", "one\ntwo")[:14], []string{`1 {"__REALTIME_TIMESTAMP":"1"}`, "2 A", "3 \a\x00\x00\x00\x00\x00\x00\x00one"}},
		"wrong length":   {start + "A\n\x01\x00\x00\x00\x00\x00\x00\x00one\n" + entryOne, []string{`1 {"__REALTIME_TIMESTAMP":"1"}`, "2 A", "3 \x01\x00\x00\x00\x00\x00\x00\x00one", "4 " + one}},
		"no length":      {start + "NAME\nhello, world\nA=1\n", []string{`1 {"__REALTIME_TIMESTAMP":"1"}`, "2 NAME", "3 hello, world", "4 A=1"}},
		"too long":       {start + "A=" + strings.Repeat("1 ", 250) + "\nB=1\n\n" + entryOne, []string{"1 too-long", "5 " + one}},
		"long binary":    {start + binaryField("A", long+"\n") + "B=1\n\n" + entryOne, []string{"1 too-long", "7 " + one}},
		"together long":  {start + "A=" + long[:250] + "\nB=" + long[:250] + "\n\n" + entryOne, []string{"1 too-long", "5 " + one}},
		"long as JSON":   {start + "A=" + strings.Repeat("\x01", 100) + "\n\n" + entryOne, []string{"1 too-long", "4 " + one}},
		"long to no end": {start + binaryField("A", long)[:300], []string{"1 too-long"}},
		"among lines":    {"hello\n" + start + "A\n\x00\x00\x00\x20\x00\x00\x00\x00b\nhello\n", []string{"1 hello", `2 {"__REALTIME_TIMESTAMP":"1"}`, "3 A", "4 \x00\x00\x00 \x00\x00\x00\x00b", "5 hello"}},
		"no entry":       {"__CURSO=1\n__REALTIME=1\n__CURSOR\n", []string{"1 __CURSO=1", "2 __REALTIME=1", "3 __CURSOR"}},
	} {
		for _, in := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			r, err := format.NewReader(in, "in.log", recogniser(), format.Options{MaxRecord: 400})
			if err != nil {
				t.Fatal(err)
			}
			got := told(t, r, func(ev event.Event) string {
				return fmt.Sprint(max(ev.Origin.FileLine, ev.Origin.Line), " ", string(ev.Raw))
			}, func(bad *format.RecordError) string { return fmt.Sprint(bad.Line, " ", bad.Reason) })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: -want +got\n%s", name, diff)
			}
		}
	}
}

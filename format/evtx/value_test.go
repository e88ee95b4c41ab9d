package evtx_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/format/evtxtest"
)

func bytes16(n ...uint16) []byte {
	var out []byte
	for _, v := range n {
		out = binary.LittleEndian.AppendUint16(out, v)
	}
	return out
}

func bytes32(n ...uint32) []byte {
	var out []byte
	for _, v := range n {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

func bytes64(n ...uint64) []byte {
	var out []byte
	for _, v := range n {
		out = binary.LittleEndian.AppendUint64(out, v)
	}
	return out
}

var (
	guid   = []byte{0x5f, 0x38, 0x70, 0x57, 0x2a, 0xc2, 0xe0, 0x43, 0xbf, 0x4c, 0x06, 0xf5, 0x69, 0x8f, 0xfb, 0xd9}
	system = []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}
	admin  = append([]byte{1, 5, 0, 0, 0, 0, 0, 5}, bytes32(21, 3960063115, 309473240, 3247002503, 500)...)
	ticks  = evtxtest.Ticks(time.Date(2025, 11, 27, 7, 40, 10, 165_324_700, time.UTC))
	when   = bytes16(2025, 11, 4, 27, 7, 40, 10, 165)
)

// values are values of every type, alone and as arrays, as JSON. A type is tested
// as the text of an element and as an attribute.
var values = []struct {
	name string
	kind byte
	data []byte
	want string
}{
	{"Null", 0x00, nil, `null`},
	{"String", 0x01, evtxtest.Wide("a\"b\\c\r\n\t\x01é😀"), `"a\"b\\c\r\n\t\u0001é😀"`},
	{"StringNUL", 0x01, evtxtest.Wide("a\x00b\x00\x00"), `"a\u0000b"`},
	{"StringSurrogates", 0x01, bytes16(0xd83d, 'a', 0xde00, 0xd83d), `"` + "\ufffda\ufffd\ufffd" + `"`},
	{"StringOdd", 0x01, []byte{'a', 0, 'b'}, `"a"`},
	{"StringEmpty", 0x01, nil, `""`},
	{"ANSI", 0x02, []byte("a\"\x80\xe9\x00"), `"a\"€é"`},
	{"Int8", 0x03, []byte{0x80}, `-128`},
	{"Uint8", 0x04, []byte{0x80}, `128`},
	{"Int16", 0x05, bytes16(0x8000), `-32768`},
	{"Uint16", 0x06, bytes16(0x8000), `32768`},
	{"Int32", 0x07, bytes32(1 << 31), `-2147483648`},
	{"Uint32", 0x08, bytes32(1 << 31), `2147483648`},
	{"Int64", 0x09, bytes64(1 << 63), `-9223372036854775808`},
	{"Uint64", 0x0a, bytes64(math.MaxUint64), `18446744073709551615`},
	{"Real32", 0x0b, bytes32(math.Float32bits(0.1)), `0.1`},
	{"Real32Whole", 0x0b, bytes32(math.Float32bits(3)), `3.0`},
	{"Real64", 0x0c, bytes64(math.Float64bits(-1.5e300)), `-1.5e+300`},
	{"Real64Inf", 0x0c, bytes64(math.Float64bits(math.Inf(-1))), `"-1.#INF"`},
	{"Real64NaN", 0x0c, bytes64(math.Float64bits(math.NaN())), `"-1.#IND"`},
	{"True", 0x0d, bytes32(1), `true`},
	{"False", 0x0d, bytes32(0), `false`},
	{"Binary", 0x0e, []byte{0x00, 0xab, 0x5f}, `"00AB5F"`},
	{"GUID", 0x0f, guid, `"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"`},
	{"SizeT32", 0x10, bytes32(0xabcd), `"0xabcd"`},
	{"SizeT64", 0x10, bytes64(0xabcd), `"0xabcd"`},
	{"FileTime", 0x11, bytes64(ticks), `"2025-11-27T07:40:10.1653247Z"`},
	{"FileTimeZero", 0x11, bytes64(0), `"1601-01-01T00:00:00.0000000Z"`},
	{"SysTime", 0x12, when, `"2025-11-27T07:40:10.165Z"`},
	{"SID", 0x13, system, `"S-1-5-18"`},
	{"SIDUser", 0x13, admin, `"S-1-5-21-3960063115-309473240-3247002503-500"`},
	{"SIDAuthority", 0x13, []byte{1, 0, 0x12, 0x34, 0, 0, 0, 5}, `"S-1-0x123400000005"`},
	{"SIDBroken", 0x13, system[:11], `"0101000000000005120000"`},
	{"Hex32", 0x14, bytes32(0x8020), `"0x8020"`},
	{"Hex64", 0x15, bytes64(0x8020000000000000), `"0x8020000000000000"`},
	{"Handle", 0x20, bytes64(0x2a), `"0x2a"`},
	{"XMLText", 0x23, evtxtest.Wide("<a/>"), `"<a/>"`},
	{"Unknown", 0x7f, []byte{1, 2}, `"0102"`},
	{"WrongSize", 0x08, []byte{1, 2, 3}, `"010203"`},
	{"Strings", 0x81, evtxtest.Wide("a\x00\x00c\x00"), `["a","","c"]`},
	{"StringsOpen", 0x81, evtxtest.Wide("a\x00b"), `["a","b"]`},
	{"ANSIs", 0x82, []byte("a\x00b\x00"), `["a","b"]`},
	{"Int8s", 0x83, []byte{1, 0xff}, `[1,-1]`},
	{"Uint8s", 0x84, []byte{1, 0xff}, `[1,255]`},
	{"Int16s", 0x85, bytes16(1, 0xffff), `[1,-1]`},
	{"Uint16s", 0x86, bytes16(1, 0xffff), `[1,65535]`},
	{"Int32s", 0x87, bytes32(1, math.MaxUint32), `[1,-1]`},
	{"Uint32s", 0x88, bytes32(1, math.MaxUint32), `[1,4294967295]`},
	{"Int64s", 0x89, bytes64(1, math.MaxUint64), `[1,-1]`},
	{"Uint64s", 0x8a, bytes64(1, 2), `[1,2]`},
	{"Real32s", 0x8b, bytes32(math.Float32bits(1.5), math.Float32bits(2)), `[1.5,2.0]`},
	{"Real64s", 0x8c, bytes64(math.Float64bits(1.5)), `[1.5]`},
	{"Bools", 0x8d, bytes32(1, 0), `[true,false]`},
	{"GUIDs", 0x8f, append(guid, guid...), `["{5770385F-C22A-43E0-BF4C-06F5698FFBD9}","{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"]`},
	{"SizeTs", 0x90, bytes64(1, 2), `["0x1","0x2"]`},
	{"FileTimes", 0x91, bytes64(0, ticks), `["1601-01-01T00:00:00.0000000Z","2025-11-27T07:40:10.1653247Z"]`},
	{"SysTimes", 0x92, append(when, when...), `["2025-11-27T07:40:10.165Z","2025-11-27T07:40:10.165Z"]`},
	{"SIDs", 0x93, append(bytes.Clone(system), admin...), `["S-1-5-18","S-1-5-21-3960063115-309473240-3247002503-500"]`},
	{"Hex32s", 0x94, bytes32(1, 255), `["0x1","0xff"]`},
	{"Hex64s", 0x95, bytes64(1, 255), `["0x1","0xff"]`},
	{"LeftOver", 0x88, append(bytes32(1), 2), `[1,"02"]`},
	{"NoStrings", 0x81, nil, `null`},
}

func TestValues(t *testing.T) {
	tmpl := &evtxtest.Template{Content: []evtxtest.Node{evtxtest.Element{
		Name:       "E",
		Attributes: []evtxtest.Attribute{{Name: "A", Content: []evtxtest.Node{evtxtest.Slot(0)}}},
		Content:    []evtxtest.Node{evtxtest.Element{Name: "C", Content: []evtxtest.Node{evtxtest.Slot(0)}}},
	}}}
	for _, v := range values {
		t.Run(v.name, func(t *testing.T) {
			got := record(t, evtxtest.Use{Template: tmpl, Values: []evtxtest.Value{{Kind: v.kind, Data: v.data}}})
			attribute := v.want
			if v.kind == 0 {
				attribute = `""`
			}
			if want := `{"E":{"#attributes":{"A":` + attribute + `},"C":` + v.want + `}}`; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !json.Valid([]byte(got)) {
				t.Error("not JSON")
			}
		})
	}
}

// TestANSI holds the code page against the characters that Unicode gives it
// (CP1252.TXT of unicode.org), by the way they are written in UTF-8.
func TestANSI(t *testing.T) {
	all := make([]byte, 0, 128)
	for c := 0x80; c <= 0xff; c++ {
		all = append(all, byte(c))
	}
	want := "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"
	for c := rune(0xa0); c <= 0xff; c++ {
		want += string(c)
	}
	tmpl := &evtxtest.Template{Content: []evtxtest.Node{evtxtest.Element{Name: "E", Content: []evtxtest.Node{evtxtest.Slot(0)}}}}
	got := record(t, evtxtest.Use{Template: tmpl, Values: []evtxtest.Value{{Kind: 0x02, Data: all}}})
	if got != `{"E":"`+want+`"}` {
		t.Errorf("got %s", got)
	}
}

// TestText compares texts of all kinds with encoding/json.
func TestText(t *testing.T) {
	for _, s := range []string{"", "plain", strings.Repeat("x", 3000), "\u2028\ufffe\uffff", "a\u0080\u07ff\u0800", "\b\f\v\x7f", "😀\U0010ffff"} {
		got := record(t, evtxtest.Element{Name: "E", Content: []evtxtest.Node{evtxtest.Text(s)}})
		var back map[string]string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back["E"] != s {
			t.Errorf("%q comes back as %q, %v", s, back["E"], err)
		}
	}
}

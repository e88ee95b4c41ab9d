package evtx

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// Types of values ([MS-EVEN6] 2.2.12, BinXmlValueType).
const (
	kindNull     = 0x00
	kindString   = 0x01
	kindANSI     = 0x02
	kindInt8     = 0x03
	kindUint8    = 0x04
	kindInt16    = 0x05
	kindUint16   = 0x06
	kindInt32    = 0x07
	kindUint32   = 0x08
	kindInt64    = 0x09
	kindUint64   = 0x0a
	kindReal32   = 0x0b
	kindReal64   = 0x0c
	kindBool     = 0x0d
	kindBinary   = 0x0e
	kindGUID     = 0x0f
	kindSizeT    = 0x10
	kindFileTime = 0x11
	kindSysTime  = 0x12
	kindSID      = 0x13
	kindHex32    = 0x14
	kindHex64    = 0x15
	kindHandle   = 0x20
	kindXML      = 0x21
	kindXMLText  = 0x23
	kindArray    = 0x80 // and the type of the elements
)

// widths are the sizes of the types that have one.
var widths = [...]uint8{
	kindInt8: 1, kindUint8: 1, kindInt16: 2, kindUint16: 2, kindInt32: 4, kindUint32: 4, kindInt64: 8, kindUint64: 8,
	kindReal32: 4, kindReal64: 8, kindBool: 4, kindGUID: 16, kindFileTime: 8, kindSysTime: 16, kindHex32: 4, kindHex64: 8,
}

func width(kind byte) int {
	if int(kind) < len(widths) {
		return int(widths[kind])
	}
	return 0
}

// appendJSON appends one value, not an array, as JSON.
func appendJSON(out []byte, kind byte, b []byte) []byte {
	if bare(kind, b) {
		return appendText(out, kind, b)
	}
	out = append(out, '"')
	out = appendText(out, kind, b)
	return append(out, '"')
}

// bare says whether JSON has the value without quotes: numbers and booleans.
func bare(kind byte, b []byte) bool {
	if len(b) != width(kind) {
		return false
	}
	switch kind {
	case kindInt8, kindUint8, kindInt16, kindUint16, kindInt32, kindUint32, kindInt64, kindUint64, kindBool:
		return true
	case kindReal32, kindReal64:
		f := real64(b)
		return !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return false
}

// appendText appends one value as it stands in JSON between quotes, spelled as
// Windows spells it in XML. A value whose size is not that of its type is
// spelled as bytes.
func appendText(out []byte, kind byte, b []byte) []byte {
	if w := width(kind); w > 0 && len(b) != w {
		kind = kindBinary
	}
	switch kind {
	case kindNull:
		return out
	case kindString, kindXMLText:
		return appendUTF16(out, b)
	case kindANSI:
		return appendANSI(out, b)
	case kindInt8, kindInt16, kindInt32, kindInt64:
		return strconv.AppendInt(out, signed(b), 10)
	case kindUint8, kindUint16, kindUint32, kindUint64:
		return strconv.AppendUint(out, unsigned(b), 10)
	case kindReal32, kindReal64:
		return appendReal(out, b)
	case kindBool:
		return strconv.AppendBool(out, unsigned(b) != 0)
	case kindGUID:
		return appendGUID(out, b)
	case kindFileTime:
		return appendTicks(out, unsigned(b))
	case kindSysTime:
		return appendSysTime(out, b)
	case kindSID:
		return appendSID(out, b)
	case kindHex32, kindHex64, kindSizeT, kindHandle:
		if len(b) != 4 && len(b) != 8 {
			return appendHex(out, b)
		}
		return strconv.AppendUint(append(out, '0', 'x'), unsigned(b), 16)
	}
	return appendHex(out, b)
}

func unsigned(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func signed(b []byte) int64 {
	shift := 64 - 8*len(b)
	return int64(unsigned(b)<<shift) >> shift
}

func real64(b []byte) float64 {
	if len(b) == 4 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// appendReal marks whole numbers as what they are by a decimal; infinities and
// the rest are spelled as Windows does.
func appendReal(out []byte, b []byte) []byte {
	f := real64(b)
	switch {
	case math.IsNaN(f):
		return append(out, "-1.#IND"...)
	case math.IsInf(f, 1):
		return append(out, "1.#INF"...)
	case math.IsInf(f, -1):
		return append(out, "-1.#INF"...)
	}
	from := len(out)
	out = strconv.AppendFloat(out, f, 'g', -1, 8*len(b))
	for _, c := range out[from:] {
		if c == '.' || c == 'e' {
			return out
		}
	}
	return append(out, ".0"...)
}

const hexUpper = "0123456789ABCDEF"

func appendHex(out, b []byte) []byte {
	for _, c := range b {
		out = append(out, hexUpper[c>>4], hexUpper[c&0xf])
	}
	return out
}

// appendGUID appends 16 bytes, of which the first three groups are
// little-endian, in braces.
func appendGUID(out, b []byte) []byte {
	out = append(out, '{')
	out = appendHex(out, []byte{b[3], b[2], b[1], b[0]})
	out = appendHex(append(out, '-'), []byte{b[5], b[4]})
	out = appendHex(append(out, '-'), []byte{b[7], b[6]})
	out = appendHex(append(out, '-'), b[8:10])
	out = appendHex(append(out, '-'), b[10:16])
	return append(out, '}')
}

// epochTicks is 1970 in FILETIME's count of 100 ns since 1601.
const epochTicks = 116_444_736_000_000_000

func appendTicks(out []byte, ticks uint64) []byte {
	const second = 10_000_000
	at := time.Unix(int64(ticks/second)-epochTicks/second, int64(ticks%second)*100).UTC()
	return at.AppendFormat(out, "2006-01-02T15:04:05.0000000Z")
}

// appendSysTime appends year, month, day of the week, day, hour, minute, second,
// millisecond.
func appendSysTime(out, b []byte) []byte {
	var p [8]int
	for i := range p {
		p[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
	}
	at := time.Date(p[0], time.Month(p[1]), p[3], p[4], p[5], p[6], p[7]*int(time.Millisecond), time.UTC)
	return at.AppendFormat(out, "2006-01-02T15:04:05.000Z")
}

// sidSize returns the size of the SID that b begins with ([MS-DTYP] 2.4.2), 0
// when it begins with none.
func sidSize(b []byte) int {
	if len(b) < 8 || 8+4*int(b[1]) > len(b) {
		return 0
	}
	return 8 + 4*int(b[1])
}

func appendSID(out, b []byte) []byte {
	if len(b) == 0 || sidSize(b) != len(b) {
		return appendHex(out, b)
	}
	out = strconv.AppendUint(append(out, 'S', '-'), uint64(b[0]), 10)
	authority := binary.BigEndian.Uint64(b) & (1<<48 - 1)
	if out = append(out, '-'); authority < 1<<32 {
		out = strconv.AppendUint(out, authority, 10)
	} else {
		out = strconv.AppendUint(append(out, '0', 'x'), authority, 16)
	}
	for b = b[8:]; len(b) > 0; b = b[4:] {
		out = strconv.AppendUint(append(out, '-'), uint64(binary.LittleEndian.Uint32(b)), 10)
	}
	return out
}

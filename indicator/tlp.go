package indicator

import "strings"

// ParseTLP reads a Traffic Light Protocol label in any usual spelling
// ("TLP:AMBER+STRICT", "tlp:amber-strict", "Amber"); WHITE of TLP 1.0 is CLEAR.
// Anything else is [TLPUnknown].
func ParseTLP(s string) TLP {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "tlp")
	s = strings.TrimLeft(s, ":=- _")
	s = strings.Trim(s, `"`)
	switch s {
	case "clear", "white":
		return TLPClear
	case "green":
		return TLPGreen
	case "amber":
		return TLPAmber
	case "amber+strict", "amber-strict", "amber_strict", "amber strict":
		return TLPAmberStrict
	case "red":
		return TLPRed
	}
	return TLPUnknown
}

// String returns the label as TLP 2.0 writes it ("TLP:AMBER+STRICT"), "" when
// it is not stated.
func (l TLP) String() string {
	switch l {
	case TLPClear:
		return "TLP:CLEAR"
	case TLPGreen:
		return "TLP:GREEN"
	case TLPAmber:
		return "TLP:AMBER"
	case TLPAmberStrict:
		return "TLP:AMBER+STRICT"
	case TLPRed:
		return "TLP:RED"
	}
	return ""
}

// MarshalText implements encoding.TextMarshaler.
func (l TLP) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it never fails.
func (l *TLP) UnmarshalText(b []byte) error {
	*l = ParseTLP(string(b))
	return nil
}

package described

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// The audit daemon of Linux writes what a program chose between quotes, or, where it
// holds a quote, a blank or anything odd, as hexadecimal digits without quotes. Only the
// record itself still shows which of both it is, so these conversions read the record.

// auditArgs are the arguments of an EXECVE record, in their order.
func auditArgs(v any) any {
	s, ok := v.(string)
	if !ok || !strings.Contains(s, "type=EXECVE ") {
		return nil
	}
	var out []string
	var last []byte // of out
	for key, value := range auditPairs(s) {
		number, isArg := strings.CutPrefix(key, "a")
		number, _, _ = strings.Cut(number, "[") // a long argument comes in pieces: a2[0], a2[1]
		n, err := strconv.Atoi(number)
		switch {
		case !isArg || err != nil:
		case n == len(out):
			if n > 0 {
				out[n-1] = string(last)
			}
			out, last = append(out, ""), append(last[:0], value...)
		case n == len(out)-1:
			last = append(last, value...)
		}
	}
	if len(out) == 0 {
		return nil
	}
	out[len(out)-1] = string(last)
	return out
}

// auditCommand is the command line that a record holds: the arguments of EXECVE, the
// title of PROCTITLE, the command of USER_CMD.
func auditCommand(v any) any {
	if args, ok := auditArgs(v).([]string); ok {
		return strings.Join(args, " ")
	}
	s, ok := v.(string)
	if !ok {
		return nil
	}
	for key, value := range auditPairs(s) {
		if (key == "proctitle" || key == "cmd") && value != "" {
			return strings.TrimRight(strings.ReplaceAll(value, "\x00", " "), " ")
		}
	}
	return nil
}

// auditPairs yields what a record says, each value as the program chose it.
func auditPairs(s string) func(yield func(key, value string) bool) {
	return func(yield func(key, value string) bool) {
		for s != "" {
			eq := strings.IndexByte(s, '=')
			if eq < 0 {
				return
			}
			key := s[strings.LastIndexAny(s[:eq], " '\x1d")+1 : eq]
			s = s[eq+1:]
			var value string
			if rest, quoted := strings.CutPrefix(s, `"`); quoted {
				value, s, _ = strings.Cut(rest, `"`)
			} else {
				end := strings.IndexAny(s, " '\x1d")
				if end == 0 { // msg='op=...: what is inside are pairs as well
					s = s[1:]
					continue
				}
				if end < 0 {
					end = len(s)
				}
				value, s = s[:end], s[end:]
				if b, err := hex.DecodeString(value); err == nil {
					value = string(b)
				}
			}
			if !yield(key, strings.ToValidUTF8(value, "\uFFFD")) {
				return
			}
		}
	}
}

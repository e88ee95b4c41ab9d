package extract

import "strings"

// wrap joins an address or a hash that a line end cuts.
func (r *refanger) wrap(i int) int {
	n := len(r.out)
	if n == 0 || i+1 >= len(r.in) || !isWordByte(r.in[i+1]) {
		return 0
	}
	start := n
	for start > 0 && n-start < 260 && !isSpace(r.out[start-1]) {
		start--
	}
	before := string(r.out[start:])
	end := i + 1
	for end < len(r.in) && end-i < 260 && !isSpace(r.in[end]) {
		end++
	}
	after := r.in[i+1 : end]
	join := false
	switch {
	case allHex(before) && allHex(after):
		join = (r.wrapped > start || !hashLength(len(before))) && len(before) >= 8 && wholeHash(before, r.in[i+1:])
	case strings.HasSuffix(before, "-") && len(before) > 1 && isWordByte(before[len(before)-2]):
		join = strings.Contains(after, "[.]") || strings.Contains(after, "(.)")
	case strings.HasSuffix(before, ".") && r.defangedAt(start) || strings.HasSuffix(before, "/") && strings.Contains(before, "://") && i-strings.LastIndexByte(r.in[:i], '\n') > 60:
		join = (after[0] >= 'a' && after[0] <= 'z' || after[0] >= '0' && after[0] <= '9') && !strings.Contains(after, "://")
	}
	if join {
		r.wrapped = n
		r.changed = append(r.changed, int32(n))
		return 1
	}
	return 0
}

// wholeHash says whether the lines below that are nothing but hexadecimal digits
// make a hash of what was begun, and are all that there is of it: a wrong hash is
// worse than none.
func wholeHash(before, below string) bool {
	total := len(before)
	for n := 0; n < 8; n++ {
		line, rest, _ := strings.Cut(below, "\n")
		line = strings.TrimSpace(line)
		if !allHex(line) || hashLength(len(line)) {
			next, _, _ := strings.Cut(rest, "\n")
			next = strings.TrimSpace(next)
			return n > 0 && hashLength(total) && (!allHex(next) || hashLength(len(next)) || len(next) < 4)
		}
		total += len(line)
		below = rest
	}
	return false
}

// defangedAt says whether something since a place of the output was defanged.
func (r *refanger) defangedAt(start int) bool {
	return len(r.changed) > 0 && int(r.changed[len(r.changed)-1]) >= start
}

func hashLength(n int) bool { return n == 32 || n == 40 || n == 64 || n == 128 }

func allHex(s string) bool {
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return s != ""
}

package indicator

import "strings"

// longestCounted bounds a name as the protocol does.
const longestCounted = 253

// CountedName reads the name that s begins with as Microsoft's DNS server writes names in
// its log, each label behind its length: (3)www(7)example(3)com(0). n is how long that is in
// s, 0 when s begins otherwise.
func CountedName[T string | []byte](s T) (name string, n int) {
	labels, length := 0, 0
	for {
		from, to := countedLabel(s, n)
		if to == 0 || length > longestCounted+1 {
			return "", 0
		}
		n = to
		if from == to {
			break
		}
		labels, length = labels+1, length+1+to-from
	}
	if labels < 2 {
		return "", 0
	}
	b := make([]byte, 0, length)
	for at := 0; at < n; {
		from, to := countedLabel(s, at)
		b = append(append(b, s[from:to]...), '.')
		at = to
	}
	return strings.TrimRight(string(b), "."), n
}

// countedLabel returns where the label lies whose length stands at i in brackets; to is 0
// when there is none.
func countedLabel[T string | []byte](s T, i int) (from, to int) {
	if pointer := len("[C00C]"); i+pointer < len(s) && s[i] == '[' && s[i+pointer-1] == ']' && i > 0 {
		i += pointer // where the packet goes on elsewhere
	}
	if i >= len(s) || s[i] != '(' {
		return 0, 0
	}
	length := 0
	for from = i + 1; from < len(s) && from < i+3 && isDigit(s[from]); from++ {
		length = 10*length + int(s[from]-'0')
	}
	if from == i+1 || from >= len(s) || s[from] != ')' || length > 63 || length > len(s)-from-1 {
		return 0, 0
	}
	return from + 1, from + 1 + length
}

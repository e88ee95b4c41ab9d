package rules

import "strings"

// option is one option of a rule; of a quoted value the quotes are taken off.
type option struct{ key, value string }

// options reads the body of a rule. Quotes, and a backslash, keep a semicolon from
// ending an option.
func options(body string) []option {
	var out []option
	var b strings.Builder
	quoted := false
	end := func() {
		key, value, _ := strings.Cut(b.String(), ":")
		if key = strings.ToLower(strings.TrimSpace(key)); key != "" {
			out = append(out, option{key, unquote(strings.TrimSpace(value))})
		}
		b.Reset()
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && i+1 < len(body):
			b.WriteString(body[i : i+2])
			i++
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case c == ';' && !quoted:
			end()
		default:
			b.WriteByte(c)
		}
	}
	end()
	return out
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\;`, `;`, `\:`, `:`).Replace(s[1 : len(s)-1])
}

package indicator_test

import (
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
)

func TestCountedName(t *testing.T) {
	for text, want := range map[string]string{
		"(3)www(7)example(3)com(0)":         "www.example.com",
		"(3)www(7)example(3)com(0)(4)x":     "www.example.com",
		"(5)_ldap(4)_tcp(6)(odd)x(2)de(0)":  "_ldap._tcp.(odd)x.de",
		"(3)www[C010](7)example(3)com(0)":   "www.example.com",
		"(3)www[C01](7)example(3)com(0)":    "",
		"(3)www[C010]":                      "",
		"[C00C](4)evil(3)com(0)":            "",
		"(0)":                               "",
		"(3)com(0)":                         "",
		"(3)www(7)example(3)com":            "",
		"(3)www(8)example(3)com(0)":         "",
		"(4)evil(3)com(00)":                 "evil.com",
		"(64)evil(0)":                       "",
		"()evil(3)com(0)":                   "",
		"(4evil":                            "",
		"(9)evil":                           "",
		"www(4)evil(3)com(0)":               "",
		strings.Repeat("(1)a", 128) + "(0)": "",
		strings.Repeat("(1)a", 127) + "(0)": strings.TrimSuffix(strings.Repeat("a.", 127), "."),
	} {
		name, n := indicator.CountedName(text)
		if name != want || (n > 0) != (want != "") {
			t.Errorf("%s: %q, %d bytes, want %q", text, name, n, want)
		}
		if again, m := indicator.CountedName([]byte(text)); again != name || m != n {
			t.Errorf("%s: %q of the bytes", text, again)
		}
	}
}

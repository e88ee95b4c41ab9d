package format_test

import (
	"testing"

	"github.com/vedette-soc/vedette/format"
)

func TestURLHost(t *testing.T) {
	for link, want := range map[string]string{
		"http://Evil.example/x":              "Evil.example",
		"https://u:p@evil.example:8443?q=a@": "evil.example",
		"tcp://[2001:db8::1]:443":            "2001:db8::1",
		"http://192.0.2.1#x":                 "192.0.2.1",
		`http://evil.example\x`:              "evil.example",
		"/only/a/path":                       "",
		"evil.example/x":                     "",
		"http://":                            "",
		"http:///x":                          "",
		"http://[":                           "",
		"":                                   "",
	} {
		if got := format.URLHost(link); got != want {
			t.Errorf("%q: %q, want %q", link, got, want)
		}
	}
}

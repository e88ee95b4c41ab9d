package indicator_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
)

func TestEncodedURL(t *testing.T) {
	for in, want := range map[string]string{
		"http%3A%2F%2Fevil.example%2Fx":                                    "http://evil.example/x",
		"/r?u=HTTPS%3a%2F%2fEvil.example%3A8443%2Fa%3Fb%3Dc&d=1":           "https://evil.example:8443/a?b=c",
		"https://a.example/?u=ftp%3A%2F%2F192.0.2.1":                       "ftp://192.0.2.1/",
		"u=x%3A%2F%2Fa;http%3A%2F%2Fevil.example":                          "http://evil.example/",
		"http%3A%2F%2Fevil%2Eexample http%3A%2F%2Fus%40evil.example":       "",
		"http%3A%2F%2F http%3A%2F%2F%2F %3A%2F%2Fevil.example http%3A%2F":  "",
		"http%3A%2F%2Fevil.example%2F%zz http%3A%2F%2Fb%C3%BCcher.example": "",
		strings.Repeat("x%3A%2F%2Fa", 100_000):                             "",
		"%2Fhttps%3A%2F%2Fevil.example":                                    "https://evil.example/",
	} {
		got, start, end := indicator.EncodedURL(in)
		if got != want || (end > 0) != (want != "") || end > 0 && !strings.Contains(in[start:end], "%3") && !strings.Contains(in[start:end], "%3a") {
			t.Errorf("%.80s: %q [%d, %d), want %q", in, got, start, end, want)
		}
	}
}

func TestHashesInside(t *testing.T) {
	const md5, sha1 = "44d88612fea8a8f36de82e1278abb02f", "3395856ce81f2b7382dee72602f798b642f14140"
	for in, want := range map[string][]string{
		md5 + ".exe": {md5}, "/x/" + strings.ToUpper(md5) + "_" + sha1 + "?a=%2F" + md5: {md5, sha1, md5},
		"a" + md5 + ".exe": nil, md5 + "0": nil, strings.Repeat("1", 32) + ".exe": nil, "g" + md5[1:]: nil, "": nil,
	} {
		var got []string
		indicator.HashesInside(in, func(_ indicator.Type, v string) { got = append(got, v) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}

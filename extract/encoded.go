package extract

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// A URL in disguise: hexadecimal, percent-encoded, base64.
var (
	hexURL     = regexp.MustCompile(`(?i)\b(?:0x)?687474707?3?(?:[0-9a-f]{2}){8,400}\b`)
	percentURL = regexp.MustCompile(`(?i)\bh(?:tt|xx)ps?%3A%2F%2F[\w%.~+-]{4,800}`)
	base64URL  = regexp.MustCompile(`\b(?:aHR0c|aHR0cHM|SFRUU|SFRUC)[A-Za-z0-9+/_-]{8,1000}={0,2}`)
)

func appendEncoded(all []finding, p *plain) []finding {
	for _, form := range []struct {
		re     *regexp.Regexp
		decode func(string) (string, error)
	}{
		{hexURL, func(s string) (string, error) {
			b, err := hex.DecodeString(strings.TrimPrefix(strings.ToLower(s), "0x"))
			return string(b), err
		}},
		{percentURL, url.PathUnescape},
		{base64URL, decodeBase64},
	} {
		for _, at := range form.re.FindAllStringIndex(p.text, -1) {
			raw, err := form.decode(p.text[at[0]:at[1]])
			if err != nil {
				continue
			}
			where := urlForm.FindStringIndex(raw)
			if where == nil || where[0] != 0 {
				continue
			}
			raw = raw[:trimURL(raw, 0, where[1])]
			scheme, rest, _ := strings.Cut(raw, "://")
			v, err := indicator.Canonical(indicator.URL, plainScheme(scheme)+"://"+rest)
			if err != nil {
				continue
			}
			all = append(all, finding{from: at[0], to: at[1], typ: indicator.URL, value: v, encoded: true, suppressed: judgeHost(indicator.URL, v), rank: 4})
		}
	}
	return all
}

func decodeBase64(s string) (string, error) {
	s = strings.TrimRight(s, "=")
	enc := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.RawURLEncoding
	}
	b, err := enc.DecodeString(s[:len(s)-b2n(len(s)%4 == 1)])
	return string(b), err
}

func b2n(b bool) int {
	if b {
		return 1
	}
	return 0
}

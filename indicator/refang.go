package indicator

import (
	"strings"
	"unicode/utf8"
)

// refangs are the ways in which people keep an indicator from being clicked.
var refangs = strings.NewReplacer(
	"[://]", "://", "[:]//", "://", "[:]", ":", "(:)", ":", "[/]", "/",
	"[.]", ".", "(.)", ".", "{.}", ".", "[.", ".", ".]", ".",
	" [dot] ", ".", " (dot) ", ".", " {dot} ", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".",
	"[DOT]", ".", "(DOT)", ".", "{DOT}", ".",
	" [at] ", "@", " (at) ", "@", " {at} ", "@", "[at]", "@", "(at)", "@", "{at}", "@",
	"[AT]", "@", "(AT)", "@", "{AT}", "@", "[@]", "@", "(@)", "@", "{@}", "@",
	`\.`, ".", `\/`, "/",
)

// Refang undoes defanging: hxxp and its like, [.] (.) {.} [dot] \. [:] [at] and
// so on, and removes invisible characters. A value that was never defanged comes
// back unchanged; one wrapped more than a few times over is not followed to its
// end.
func Refang(s string) string {
	s, _ = unwrap(visible(s), func(s string) string {
		if !strings.ContainsAny(s, `[({]\`) {
			return s
		}
		return refangs.Replace(s)
	})
	return refangScheme(s)
}

// unwrap applies step until nothing changes, but not for ever: each round may
// take off one layer of thousands. ok says that it came to an end.
func unwrap(s string, step func(string) string) (_ string, ok bool) {
	for range 8 {
		next := step(s)
		if next == s {
			return s, true
		}
		s = next
	}
	return s, false
}

func refangScheme(s string) string {
	i := strings.Index(s, "://")
	if i < 3 || i > 6 {
		return s
	}
	switch strings.ToLower(s[:i]) {
	case "hxxp", "hxtp", "htxp", "h**p", "hpp", "ttp", "xxp", "hxp", "httx":
		return "http" + s[i:]
	case "hxxps", "hxtps", "htxps", "h**ps", "hpps", "ttps", "xxps", "hxps", "httxs":
		return "https" + s[i:]
	case "fxp":
		return "ftp" + s[i:]
	}
	return s
}

// visible drops characters that take no room: zero-width space and joiners,
// byte-order mark, word joiner, soft hyphen, direction marks. They are how a
// copied value differs from the one it shows.
func visible(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				switch {
				case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r == 0x2060, r == 0xfeff, r == 0xad:
					return -1
				}
				return r
			}, s)
		}
	}
	return s
}

const quotes = " \t\r\n\v\f\"'`<>\u00a0\u201c\u201d\u2018\u2019\u00ab\u00bb"

// Defang returns value written so that it is shown but cannot be clicked:
// hxxp for http, [.] in the host, [@] in an address. The path of a URL stays.
func Defang(value string) string {
	scheme, rest, found := strings.Cut(value, "://")
	if !found {
		scheme, rest = "", value
	} else {
		scheme = strings.NewReplacer("http", "hxxp", "ftp", "fxp").Replace(scheme) + "[:]//"
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	host = strings.ReplaceAll(host, ".", "[.]")
	host = strings.ReplaceAll(host, "@", "[@]")
	if strings.Count(host, ":") > 1 {
		host = strings.ReplaceAll(host, ":", "[:]")
	}
	return scheme + host + path
}

package credential

import (
	"bytes"
	"slices"
	"strings"
)

// combination is one line of a list, its password as it stood.
type combination struct {
	account, site string
	password      []byte
}

// separators of the parts of a line.
const separators = ":;|\t"

// split reads a line URL:LOGIN:PASSWORD, LOGIN:PASSWORD:URL or LOGIN:PASSWORD, also with
// ; | or a tab. why says what it lacks. A URL has colons, and so may a password: a line
// that can be read in two ways is not read, because a part of a password would be taken
// for the login.
func split(line []byte) (c combination, why string) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return c, "empty"
	}
	if at := bytes.Index(line, []byte("://")); at > 0 {
		begins := bytes.LastIndexAny(line[:at], separators)
		switch scheme := strings.ToLower(string(line[begins+1 : at])); {
		case !slices.Contains(schemes, scheme): // a password that begins with //
		case begins > 0:
			return siteLast(line, begins)
		case begins < 0:
			return siteFirst(line, at+3)
		}
	}
	return plain(line)
}

// schemes are those of what one signs in to.
var schemes = []string{"http", "https", "android", "ftp", "ftps", "sftp", "ssh", "rdp", "smb", "imap", "imaps", "smtp", "smtps", "pop3", "ldap", "ldaps", "vnc", "oauth", "app", "chrome-extension", "moz-extension", "ws", "wss"}

// siteFirst reads a line that begins with a URL whose authority begins at from.
func siteFirst(line []byte, from int) (combination, string) {
	end := from
	if i := bytes.IndexByte(line[from:], ']'); i > 0 && line[from] == '[' { // an IPv6 address has colons
		end += i
	}
	if i := bytes.IndexAny(line[end:], separators+"/?#\\"); i >= 0 {
		end += i
	} else {
		end = len(line)
	}
	if end < len(line) && line[end] == ':' { // a port, or the login already
		switch n, doubt := port(line[end+1:]); {
		case doubt:
			return combination{}, "ambiguous"
		case n > 0:
			end += 1 + n
		}
	}
	site := Site(string(line[:end]))
	if site == "" {
		return combination{}, "site-invalid"
	}
	if end == len(line) {
		return combination{}, "login-missing"
	}
	if strings.IndexByte(separators, line[end]) >= 0 {
		return login(site, line[end+1:], line[end])
	}
	return afterPath(site, line[end:])
}

// afterPath finds the login behind the path of a URL. The path may have separators too:
// what follows its last slash is split from the right when that leaves no doubt.
func afterPath(site string, rest []byte) (combination, string) {
	at := bytes.IndexAny(rest, separators)
	if at < 0 {
		return combination{}, "login-missing"
	}
	sep := rest[at]
	switch parts := bytes.Split(rest, []byte{sep}); {
	case len(parts) < 3:
		return combination{}, "login-missing"
	case len(parts) == 3:
		return login(site, rest[at+1:], sep)
	default:
		for i, p := range parts[1 : len(parts)-1] { // an address can only be the login
			if _, _, ok := Mail(Account(string(p))); ok {
				return login(site, bytes.Join(parts[i+1:], []byte{sep}), sep)
			}
		}
	}
	return combination{}, "ambiguous"
}

// login reads LOGIN:PASSWORD.
func login(site string, rest []byte, sep byte) (combination, string) {
	name, password, ok := bytes.Cut(rest, []byte{sep})
	if !ok {
		return combination{}, "login-missing"
	}
	c := combination{account: Account(string(name)), site: site, password: password}
	if c.account == "" {
		return combination{}, "login-invalid"
	}
	return c, ""
}

// siteLast reads LOGIN:PASSWORD:URL, whose URL begins behind a separator.
func siteLast(line []byte, at int) (combination, string) {
	site := Site(string(line[at+1:]))
	if site == "" {
		return combination{}, "site-invalid"
	}
	return login(site, line[:at], line[at])
}

// plain reads a line without a scheme: HOST[/PATH]:LOGIN:PASSWORD, or ADDRESS:PASSWORD.
func plain(line []byte) (combination, string) {
	at := bytes.IndexAny(line, separators)
	if at < 0 {
		return combination{}, "login-missing"
	}
	first, sep := string(line[:at]), line[at]
	if _, _, ok := Mail(Account(first)); ok {
		return login("", line, sep)
	}
	name := first[:authority(first)]
	if hostName(name) && countByte(line, sep) >= 2 {
		if name != first {
			return afterPath(Site(name), line[len(name):])
		}
		return siteFirst(line, 0)
	}
	return combination{}, "login-invalid"
}

// port tells how long the port is that b begins with, 0 = it begins with none. A number
// may also be the login of a password with a separator in it; that is a doubt where
// services do not usually listen there.
func port(b []byte) (n int, doubt bool) {
	for n < len(b) && n < 6 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n == 0 || n > 5 || n == len(b) {
		return 0, false
	}
	switch after := b[n:]; {
	case strings.IndexByte("/?#", after[0]) >= 0:
		return n, false
	case strings.IndexByte(separators, after[0]) < 0 || countByte(after, after[0]) < 2:
		return 0, false
	case !slices.Contains(usualPorts, string(b[:n])):
		return 0, true
	}
	return n, false
}

// usualPorts are where what one signs in to listens.
var usualPorts = []string{"21", "22", "25", "80", "110", "143", "443", "465", "587", "993", "995", "2083", "2087", "2096", "3000", "3389", "4433", "4443", "5000", "5601", "7443", "8000", "8006", "8080", "8081", "8083", "8088", "8443", "8888", "9000", "9090", "9443", "10000", "10443"}

func countByte(b []byte, c byte) int { return bytes.Count(b, []byte{c}) }

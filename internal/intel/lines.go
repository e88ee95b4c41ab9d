package intel

import (
	"bufio"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-soc/vedette/indicator"
)

// lines writes one line for each indicator, as line gives it ("" = why not).
type lines struct {
	w     *bufio.Writer
	line  func(i indicator.Indicator) (line, dropped string)
	empty string // what stands in an empty list
	n     int
	urls  map[uint64]bool // URLs written: without their scheme two may be one
}

func (l *lines) Add(i indicator.Indicator) (string, error) {
	line, dropped := l.line(i)
	if dropped != "" {
		return dropped, nil
	}
	if strings.ContainsAny(i.Value, "\n\r\x00") {
		return "unwritable", nil
	}
	if i.Type == indicator.URL {
		if l.urls == nil {
			l.urls = map[uint64]bool{}
		}
		h := xxhash.Sum64String(withoutScheme(i.Value))
		if l.urls[h] {
			return merged, nil
		}
		l.urls[h] = true
	}
	l.n++
	_, err := l.w.WriteString(line + "\n")
	return "", err
}

func (l *lines) Close() error {
	if l.n > 0 {
		return nil
	}
	_, err := l.w.WriteString(l.empty)
	return err
}

func withoutScheme(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		return rest
	}
	return url
}

// entry is a line of an external dynamic list: an address, a range, a name, or a
// URL without its scheme. Devices take no other types.
func entry(i indicator.Indicator) (line, dropped string) {
	switch i.Type {
	case indicator.IPv4, indicator.IPv6, indicator.Domain:
		line = i.Value
	case indicator.URL:
		line = withoutScheme(i.Value)
	default:
		return "", "type"
	}
	if strings.ContainsAny(line, " \t") || strings.HasPrefix(line, "#") { // the rest would be a comment
		return "", "unwritable"
	}
	return line, ""
}

// dataset is a line of a Suricata dataset: of type ipv4, ip, md5 and sha256 the
// value, of type string its base64. Names meet dns.query, tls.sni and http.host,
// user agents http.user_agent, file names file.name, JA3 ja3.hash. A dataset holds
// no ranges and no other hashes, and no buffer of Suricata holds a whole URL.
// Source: Suricata user guide, Datasets.
func dataset(i indicator.Indicator) (line, dropped string) {
	switch i.Type {
	case indicator.IPv4, indicator.IPv6:
		if strings.Contains(i.Value, "/") {
			return "", "range"
		}
		return i.Value, ""
	case indicator.MD5, indicator.JA3, indicator.SHA256:
		return i.Value, ""
	case indicator.Domain, indicator.UserAgent, indicator.FileName:
		return base64.StdEncoding.EncodeToString([]byte(i.Value)), ""
	}
	return "", "type"
}

// zeekTypes are the types of Zeek's intelligence framework.
// Source: docs.zeek.org, Intel::Type and the scripts frameworks/intel/seen.
var zeekTypes = map[indicator.Type]string{
	indicator.IPv4: "Intel::ADDR", indicator.IPv6: "Intel::ADDR", indicator.Domain: "Intel::DOMAIN", indicator.URL: "Intel::URL",
	indicator.Email: "Intel::EMAIL", indicator.MD5: "Intel::FILE_HASH", indicator.SHA1: "Intel::FILE_HASH", indicator.SHA256: "Intel::FILE_HASH",
	indicator.FileName: "Intel::FILE_NAME", indicator.CertSHA1: "Intel::CERT_HASH", indicator.CertSHA256: "Intel::CERT_HASH",
	indicator.UserAgent: "Intel::SOFTWARE", indicator.UserAccount: "Intel::USER_NAME",
}

// newZeek begins an intelligence file of Zeek.
func newZeek(w *bufio.Writer) *lines {
	_, _ = w.WriteString("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n") // a failure comes back from Flush
	return &lines{w: w, line: zeekLine}
}

func zeekLine(i indicator.Indicator) (line, dropped string) {
	kind, value := zeekTypes[i.Type], i.Value
	switch {
	case kind == "":
		return "", "type"
	case i.Type == indicator.URL:
		value = withoutScheme(value)
	case kind == "Intel::ADDR" && strings.Contains(value, "/"):
		kind = "Intel::SUBNET"
	}
	if strings.ContainsFunc(value, control) || strings.HasPrefix(value, "#") || strings.Contains(value, `\x`) || value == "-" {
		return "", "unwritable"
	}
	desc := "confidence " + strconv.Itoa(i.Confidence)
	if len(i.Names) > 0 {
		desc = strings.Join(i.Names, ", ") + "; " + desc
	}
	desc = strings.ReplaceAll(strings.Map(blank, desc), `\`, "/")
	return value + "\t" + kind + "\tvedette\t" + desc, ""
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func blank(r rune) rune {
	if control(r) {
		return ' '
	}
	return r
}

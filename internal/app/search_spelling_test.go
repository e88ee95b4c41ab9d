package app_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// bad are indicators of every type that a Searcher sees.
var bad = []string{
	"evil.com", "sub.evil.co.uk", "1.2.3.4", "10.20.0.0/16", "2001:db8::1", "2001:db8:1::/48", "5.6.7.8:443", "[2001:db8:5::5]:8443", "host.evil.net:8080",
	"http://bad.net/a/b", "any.net/x", "/gate.php", "/cgi/add", "/~who/", "guy@mail.net", "d41d8cd98f00b204e9800998ecf8427e",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709", "xn--bcher-kva.com", "evil.exe", "http://[2001:db8:7::7]/x", "https://9.8.7.6/p?q=1",
}

// spell writes a value as a log, a person or an attacker may.
func spell(r *rand.Rand, v string) string {
	for range r.IntN(3) {
		switch r.IntN(14) {
		case 12:
			v = wrap(r, v)
		case 13:
			v = counted(v)
		case 0:
			v = strings.ToUpper(v)
		case 1:
			v = strings.Replace(v, ".", []string{"[.]", "(.)", "[dot]", " (dot) ", "{.}", `\.`, "[.", ".]", "。", "．", "․"}[r.IntN(11)], 1)
		case 2:
			i := r.IntN(len(v) + 1)
			v = v[:i] + []string{"\u200b", "\u00ad", "\ufeff", "\u2060"}[r.IntN(4)] + v[i:]
		case 3:
			v += []string{".", ",", ";", " ", "\t", "\n", "\"", "#frag", "\u00a0", "”"}[r.IntN(10)]
		case 4:
			v = []string{" ", "\n", "\t", "'", "“", "*.", "www.", "a-b.", "http://", "hxxp://", "x@", "//", "::ffff:", "C:\\dir\\", "user:pw@", "#011", "#015#012"}[r.IntN(17)] + v
		case 5:
			v = strings.Replace(v, "@", []string{"[at]", "(at)", "[@]", " {at} "}[r.IntN(4)], 1)
		case 6:
			v = strings.Replace(v, "://", []string{"[://]", "[:]//", ":[/]/"}[r.IntN(3)], 1)
		case 7:
			v = strings.Replace(v, "1", "１", 1)
		case 8:
			v = strings.Replace(v, "e", "ｅ", 1)
		case 9:
			v = strings.Replace(v, "xn--bcher-kva", "Bücher", 1)
		case 10:
			v = strings.Replace(v, "::", ":0:0:", 1)
		case 11:
			v = strings.Replace(v, "/", `\`, 1)
		}
	}
	return v
}

// counted writes a name as Microsoft's DNS server does.
func counted(v string) string {
	var b strings.Builder
	for label := range strings.SplitSeq(v, ".") {
		fmt.Fprintf(&b, "(%d)%s", len(label), label)
	}
	return b.String() + "(0)"
}

// wrap writes a URL as redirects and mail gateways do.
func wrap(r *rand.Rand, v string) string {
	switch r.IntN(6) {
	case 0:
		return "https://www.example.org/url?q=http://" + v + "&sa=D"
	case 1:
		return "https://urldefense.com/v3/__https://" + v + "__;!!a!b$"
	case 2:
		return "https://urldefense.example.org/v2/url?u=https-3A__" + strings.NewReplacer("-", "-2D", "/", "_", "?", "-3F", ":", "-3A").Replace(v) + "&d=c"
	case 3:
		return "https://www.example.org/?u=http%253A%252F%252F" + url.QueryEscape(url.QueryEscape(v))
	case 4:
		return "https://protect-us.mimecast.com/s/a?domain=" + v
	}
	return "u=http%3A%2F%2F" + url.QueryEscape(v) + "&x=1"
}

// quoted writes a JSON string with escapes that need not be there.
func quoted(r *rand.Rand, v string) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	s := string(b)
	switch r.IntN(4) {
	case 0:
		s = strings.ReplaceAll(s, "/", `\/`)
	case 1:
		i := 1 + r.IntN(len(s)-2)
		if c := s[i]; c != '\\' && c < 0x80 && s[i-1] != '\\' && !strings.Contains(s[max(0, i-5):i], `\u`) {
			s = s[:i] + fmt.Sprintf(`\u%04X`, c) + s[i+1:]
		}
	}
	return s
}

// TestSearchMissesNoSpelling: whatever way a value is written in a field, if its
// reader knows it, the raw record is named.
func TestSearchMissesNoSpelling(t *testing.T) {
	if testing.Short() {
		t.Skip("tries 100,000 spellings")
	}
	var b match.Builder
	for i, v := range bad {
		typ, c, err := indicator.Detect(v)
		if err == nil {
			err = b.Add(typ, c, uint64(i))
		}
		if err != nil {
			t.Fatal(v, err)
		}
	}
	x := b.Build()
	if u := x.Unseen(); u != nil {
		t.Fatalf("%v cannot be seen", u)
	}
	shapes := []string{
		`{"@timestamp":"2024-01-01T00:00:00Z","event":{"module":"x"},"source":{"ip":%s,"port":443},"destination":{"domain":%s,"port":8080},"url":{"full":%s},"message":%s}`,
		`{"@timestamp":"2024-01-01T00:00:00Z","event":{"module":"x"},"file":{"name":%s,"hash":{"md5":%s}},"email":{"from":{"address":[%s]}},"process":{"command_line":%s}}`,
		`{"timestamp":"2024-05-01T10:00:00.1+0000","flow_id":1,"event_type":"http","src_ip":%s,"dest_ip":%s,"http":{"hostname":%s,"url":%s}}`,
		`{"timestamp":"2024-05-01T10:00:00.1+0000","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"type":"answer","rrname":%s,"answers":[{"rdata":%s},{"rdata":%s}],"x":%s}}`,
		`{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Image":%s,"CommandLine":%s,"QueryName":%s,"Hashes":%s}`,
		`{"a":{"b":[%s,{"c":%s}]},"d":%s,"e":%s}`,
		`3/2/2026 9:15:27 AM 0E84 PACKET  000001D6E7F1B0C0 UDP Rcv 10.0.0.5 0002   Q [0001   D   NOERROR] A      %s %s %s %s`,
	}
	rec := shipped(t)
	s := x.Searcher()
	touched, named := 0, 0
	const rounds = 100_000
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 11))
		place, at := r.IntN(5), 0 // of the one value that counts
		value := func() string {
			kind := r.IntN(3)
			if at++; at-1 != place {
				kind = 0
			}
			switch kind {
			case 0:
				return quoted(r, []string{"harmless", "10.0.0.1", "www.example.org", `C:\Windows\notepad.exe`, "/index.html"}[r.IntN(5)])
			case 1:
				inner, err := json.Marshal(map[string]string{"v": spell(r, bad[r.IntN(len(bad))])})
				if err != nil {
					t.Fatal(err)
				}
				return quoted(r, string(inner))
			}
			return quoted(r, spell(r, bad[r.IntN(len(bad))]))
		}
		line := fmt.Sprintf(shapes[r.IntN(len(shapes))], value(), value(), value(), value())
		reader, err := format.NewReader(strings.NewReader(line), "f", rec, format.Options{Search: match.Scan})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := reader.Next()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		is := len(s.Search([][]byte{[]byte(line)}, nil)) > 0
		if is {
			named++
		}
		for _, o := range ev.Observables {
			if len(x.Lookup(o.Type, o.Value, nil)) > 0 {
				if touched++; !is {
					t.Fatalf("seed %d: %s %q in %s is missed in\n%s", seed, o.Type, o.Value, o.Field, line)
				}
				break
			}
		}
	}
	t.Logf("%d of %d touch, %d are named", touched, rounds, named)
	if touched < rounds/10 || named > rounds*2/3 {
		t.Error("the test has lost its bite")
	}
}

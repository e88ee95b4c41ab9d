package match_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// spellings are URLs that a browser fetches from one and the same place, by the plain one.
// What no reader of plain text can tell is in typed only.
var spellings = []struct {
	plain        string
	text, typed  []string
	others       []string // that are something else
	othersInText []string
}{
	{
		plain: "http://evil.example/malware.exe",
		text: []string{
			"http://evil.example/%6dalware%2Eexe", "http://evil.example/%6Dalware%2eexe", "HTTP://EVIL.EXAMPLE/malware.exe", "http://evil.example./malware.exe",
			"http://evil.example:80/malware.exe", "http://evil.example:0080/malware.exe", "http://evil.example:/malware.exe", "http://good.example@evil.example/malware.exe",
			"http://good.example:443@evil.example:80/malware.exe", "http://a@b@evil.example/malware.exe", "http://evil.example/a/../malware.exe", "http://evil.example/./malware.exe",
			"http://evil.example/../malware.exe", "http://evil.example/a/./b/../../malware.exe", "http://evil.example/a/%2e%2E/malware.exe", "http://evil.example/%2e/malware.exe",
			"http://%65vil.example/malware.exe", "http://%45%56%49%4c%2e%65xample/malware.exe", "http://evil%2Eexample/malware.exe", "http://evil。example/malware.exe",
			"http://evil．example/malware.exe", "http://evil｡example/malware.exe", "http://ｅｖｉｌ.example/malware.exe", "http://evil%E3%80%82example/malware.exe", "http://evil%ef%bd%a1example./malware.exe",
			`http:\\evil.example\malware.exe`, `http:\\evil.example/malware.exe`, `http:\\good.example@evil.example\malware.exe`, `http:\\evil.example\a/..\malware.exe`, "http:///evil.example/malware.exe",
			"hxxp://evil[.]example/%6dalware.exe", "http://evil.example/malware.exe#x",
		},
		typed: []string{
			`http://evil.example\malware.exe`, `http://evil.example/a/..\malware.exe`, `http:/\evil.example/malware.exe`, "http:/evil.example/malware.exe", " http://evil.example/malware.exe\n",
			"http://evil\u00ad.example/malware.exe",
		},
		others: []string{
			"http://evil.example/%2Fmalware.exe", "http://evil.example/malware%2exe", "http://evil.example/malware%252Eexe", "http://evil.example/%4dalware.exe", "http://evil.example/a%2F../malware.exe",
			"http://evil.example/.../malware.exe", "http://evil.example/malware.exe%3Fx", "http://evil.example/malware.exe%23", "http://evil.example:8080/malware.exe", "http://evil.example@good.example/malware.exe",
			"http://%2565vil.example/malware.exe", "http://evil%2Fexample/malware.exe", "http://evil.example%40good.example/malware.exe", "http://good.example/?/../malware.exe",
		},
	},
	{
		plain: "http://192.168.1.1/a",
		text: []string{
			"http://3232235777/a", "http://0xC0A80101/a", "http://0XC0.0xa8.1.0x1/a", "http://0300.0250.1.1/a", "http://030052000401/a", "http://192.168.257/a", "http://192.11010305/a", "http://0xc0.11010305/a",
			"http://192.168.1.1./a", "http://3232235777:80/a", "http://good.example@3232235777/a", "http://%31%392.168.1.1/a", "http://192。168。1。1/a", "http://１９２.168.1.1/a", "http://３２３２２３５７７７/a",
			"http://[::ffff:192.168.1.1]/a", "http://[::FFFF:c0a8:101]/a", "http://[0:0:0:0:0:ffff:192.168.1.1]:80/a", `http:\\3232235777\a`, "http://0000000300.168.1.1/a", "http://user:1234@0xC0A80101/%61",
		},
		typed: []string{`http://3232235777\a`, "http:/3232235777/a"},
		others: []string{
			"http://3232235778/a", "http://192.168.1.1.1/a", "http://4294967296/a", "http://192.168.1.0400/a", "http://0392.168.1.1/a", "http://192..168.257/a", "http://+3232235777/a", "http://192.168.1.0x1g/a", "x://3232235777/a",
			"http://3232235777.example/a", "http://a.3232235777/a", "http://3232235777@good.example/a", "3232235777/a", "//3232235777/a",
		},
		othersInText: []string{"3232235777", "0xC0A80101", "src=3232235777 dst=0300.0250.1.1", "took 192.168.257 s", `{"id":3232235777,"host":"0xC0A80101"}`, "tel:3232235777", "x:/3232235777", `C:\3232235777\a`},
	},
	{
		plain: "https://xn--bcher-kva.example:8443/%C3%BC?q=~a%2Fb",
		text:  []string{"https://bücher.example:8443/ü?q=%7Ea%2fb", "https://b%C3%BCcher.example:8443/%c3%bc?q=%7E%61%2fb", "https://BÜCHER。example:08443/x/../%c3%bc?q=~a%2Fb"},
		others: []string{
			"https://xn--bcher-kva.example:8443/%C3%BC?q=~a/b", "https://xn--bcher-kva.example/%C3%BC?q=~a%2Fb", "https://xn--bcher-kva.example:8443/x/../%C3%BC?q=/../~a%2Fb",
		},
	},
}

// texts are what a log may make of a URL.
func texts(url string) []string {
	quoted, err := json.Marshal(map[string]string{"url": url})
	if err != nil {
		panic(err)
	}
	again, err := json.Marshal(map[string]string{"message": string(quoted)})
	if err != nil {
		panic(err)
	}
	out := []string{
		string(quoted), strings.ReplaceAll(string(quoted), "/", `\/`), strings.ReplaceAll(string(quoted), "%", `\u0025`),
		"<34>Oct 11 22:14:15 host squid: GET " + url + " 200", `"` + url + `"`, "(" + url + ").",
	}
	if !strings.Contains(url, `\`) { // how many of them a path has there nobody can tell
		out = append(out, string(again), strings.ReplaceAll(string(again), "%", `\\u0025`))
	}
	return out
}

func TestSpellings(t *testing.T) {
	for _, s := range spellings {
		_, plain, err := indicator.Detect(s.plain)
		if err != nil || plain != s.plain {
			t.Fatalf("%s is not plain: %s, %v", s.plain, plain, err)
		}
		of := func(raw string) *match.Index { return build(t, []string{raw}) }
		x := of(s.plain)
		named := func(text string) bool { return len(x.Searcher().Search([][]byte{[]byte(text)}, nil)) > 0 }
		found := func(text string) (found bool) {
			match.Scan([]byte(text), func(typ indicator.Type, v string) { found = found || len(x.Lookup(typ, v, nil)) > 0 })
			return found
		}
		for i, raw := range append(s.text, s.typed...) {
			for _, typed := range []bool{true, false} { // as a field, and as an indicator
				typ, v, err := indicator.Detect(raw)
				if typed {
					typ = indicator.URL
					v, err = indicator.Canonical(typ, raw)
				}
				if err != nil || typ != indicator.URL || v != plain {
					t.Errorf("%q is %s %q, %v, not %s", raw, typ, v, err, plain)
				}
			}
			for _, text := range texts(raw) {
				if !named(text) {
					t.Errorf("a search overlooks %s", text)
				}
				if i < len(s.text) && !found(text) {
					t.Errorf("%s is not found in %s", plain, text)
				}
			}
		}
		for _, raw := range s.others {
			if v, err := indicator.Canonical(indicator.URL, raw); err == nil && len(x.Lookup(indicator.URL, v, nil)) > 0 {
				t.Errorf("%q is taken for %s", raw, plain)
			}
		}
		for _, raw := range append(s.others, s.othersInText...) {
			for _, text := range append(texts(raw), raw) {
				if found(text) {
					t.Errorf("%s is found in %s", plain, text)
				}
			}
		}
	}
}

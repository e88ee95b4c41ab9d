package sigma_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/sigma"
)

// sweptTexts have stretches of different length that cannot be escaped.
var sweptTexts = []string{
	"kerberos::golden", "kerberos::ptt", "sekurlsa::", `\mimilib.dll`, "mimidrv.sys", "event::clear", "misc::skeleton", "kiwi legit printer", "gentilkiwi.com",
	"privilege::debug", "lsadump::", "eo.oe.kiwi",
}

// checkSwept holds both ways to look for texts in a record against each other and
// against a plain search.
func checkSwept(t *testing.T, texts []string, raw []byte) (held bool) {
	t.Helper()
	fast, slow, fastClear, slowClear, ok := sigma.Swept(texts, raw)
	if !ok {
		return false
	}
	unescaped := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(string(raw), `\\`, `\`), `\/`, "/"))
	for _, text := range texts {
		held = held || strings.Contains(unescaped, text)
	}
	if held && slowClear && (!fast || !slow) {
		t.Fatalf("%q is not found in %q: %t, in plain Go %t", texts, raw, fast, slow)
	}
	if !fast && fastClear != slowClear {
		t.Fatalf("%q is transparent: %t, in plain Go %t", raw, fastClear, slowClear)
	}
	clean := !strings.ContainsAny(strings.Join(texts, ""), `\/"`)
	if len(raw) >= 34 && clean && fast != slow {
		if sure := bytes.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' }); !sure {
			t.Fatalf("%q in %q: %t, in plain Go %t", texts, raw, fast, slow)
		}
	}
	return held
}

// TestSweep puts texts, pieces of them and what is near them anywhere into records
// of every length.
func TestSweep(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(3, 4))}
	held, clear := 0, 0
	for range 40_000 {
		texts := []string{sweptTexts[d.IntN(len(sweptTexts))]}
		for range d.IntN(20) {
			texts = append(texts, sweptTexts[d.IntN(len(sweptTexts))])
		}
		var b strings.Builder
		for size := d.IntN(300); b.Len() < size; {
			one := sweptTexts[d.IntN(len(sweptTexts))]
			switch d.IntN(12) {
			case 0:
				b.WriteString(strings.ReplaceAll(one, `\`, `\\`))
			case 1:
				b.WriteString(strings.ToUpper(strings.ReplaceAll(one, `\`, `\\`)))
			case 2:
				b.WriteString(one[d.IntN(len(one)):])
			case 3:
				b.WriteString(d.pick(`c:\\users`, `\u006b`, "®", "\u212a", "ſ", `\\\u0041`, `\\\\u`, "é", `\n`))
			default:
				b.WriteString(d.pick("a", "kerb", "::", "m", " ", `\\`, ".", "mi", "{", `"`))
			}
		}
		raw := []byte(b.String())
		if checkSwept(t, texts, raw) {
			held++
		}
		if _, _, _, c, _ := sigma.Swept(texts, raw); c {
			clear++
		}
	}
	if held < 1000 || clear < 1000 {
		t.Errorf("%d held, %d were transparent: the test shows little", held, clear)
	}
}

func FuzzSweep(f *testing.F) {
	f.Add("kerberos::", "sekurlsa", []byte(`{"a":"x kerBeros::ptt c:\\users and quite some more"}`))
	f.Add("\\mimilib.dll", "event::drop", []byte(`{"a":"c:\\\\mimilib.DLL \u006b of which there must be more"}`))
	f.Fuzz(func(t *testing.T, one, two string, raw []byte) {
		texts := []string{strings.ToLower(one), strings.ToLower(two)}
		for _, s := range texts {
			for i := range len(s) {
				if s[i] < ' ' || s[i] > '~' {
					return
				}
			}
			if len(s) < 8 || len(s) > 40 {
				return
			}
		}
		checkSwept(t, texts, raw)
	})
}

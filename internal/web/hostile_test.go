package web_test

import (
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
)

// What an attacker may write wherever his text reaches a page.
const (
	markup   = `<script>alert(1)</script><img src=x onerror=alert(2)>"'><svg/onload=alert(3)>`
	rightTo  = "invoice\u202egnp.exe \u2066hidden\u2069 \u200bzero"
	evilURL  = "javascript:alert(1)//http://evil.example"
	evilURL2 = "http://evil.example/\"><script>alert(9)</script>?q='onmouseover=alert(5)"
)

var long = strings.Repeat("endless-title ", 360) // 5,040 characters

// hostile puts such text into everything that comes from outside and returns an
// incident made of it.
func (h *house) hostile() string {
	h.t.Helper()
	nasty := []string{markup, rightTo, evilURL, long}
	h.know(markup, 90, nasty, indicator.URL, evilURL2)
	h.know("urlhaus", 90, nasty, indicator.Domain, "hostile.example")
	_, err := h.cfg.Intel.Know(system(), []intel.Entity{{
		ID: "malware--0aaaaaaa-1111-4222-8333-444444444444", Type: "malware", Name: markup, Aliases: nasty, AttackID: "S9999", Description: markup + rightTo + long, Source: markup, URL: evilURL,
	}}, []intel.Relation{{
		From: ref.Ref{Kind: ref.Entity, ID: "malware--0aaaaaaa-1111-4222-8333-444444444444"}, Type: markup, To: ref.Ref{Kind: ref.Entity, ID: actorID}, Source: evilURL,
	}})
	h.must(err)
	evil := strings.Replace(profile, "Kim Muster", "'"+strings.ReplaceAll(markup, "'", "''")+"'", 1)
	_, err = h.cfg.Org.Import(system(), []byte(evil))
	h.must(err)
	h.meet(sample{host: markup, value: "hostile.example", names: nasty, crit: 100, title: long, raw: `{"message":"` + markup + rightTo + `"` + "\xff\xfe"})
	id := h.meet(sample{host: markup, value: evilURL2, typ: indicator.URL, names: nasty, crit: 100, title: markup + rightTo, after: time.Minute})
	h.meet(sample{host: rightTo, value: "other.example", crit: 10, level: "high", title: markup + evilURL + rightTo, after: time.Minute})
	h.must(h.cfg.Alerts.Note(system(), id, markup+rightTo+evilURL))
	h.must(h.cfg.Alerts.Assign(system(), id, markup))
	return id
}

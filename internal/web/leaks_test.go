package web_test

import (
	"archive/zip"
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/web"
	"github.com/vedette-soc/vedette/ref"
)

const stolen = "Unmistakable-9-Password"

// stealerLog is a log as a zip archive.
func stealerLog(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"US_1/Passwords.txt": "URL: https://vpn.example.ch/\nUsername: kmuster\nPassword: " + stolen + "\n\nURL: https://elsewhere.example/\nUsername: kim.private@mail.example\nPassword: " + stolen + "\n\n",
		"US_1/System.txt":    "UserName: kim\nMachineName: shop-db-1\nHWID: 7\nLog date: 2026-01-02 03:04:05\n",
		"US_1/picture.jpg":   "\xff\xd8\xff\x00",
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLeaks(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.play(t, scenario{name: "nothing yet", user: "admin", target: "/leaks", status: 200, has: []string{"Nothing is known to be leaked", "vedette leak import"}})
	h.play(t, scenario{name: "not for analysts", user: "analyst", target: "/leaks", status: 403})
	with := strings.Replace(profile, "accounts: [kmuster], privileged: true", "accounts: [kmuster], emails: [kim.private@mail.example], privileged: true", 1)
	_, err := h.cfg.Org.Import(system(), []byte(with))
	h.must(err)
	w := h.upload(t, "admin", "/leaks", map[string]string{"source": "A collection"}, "logs.zip", stealerLog(t))
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "<strong>3</strong> new") || strings.Contains(body, stolen) {
		t.Fatalf("upload: %d %s", w.Code, firstLines(body))
	}
	w = h.upload(t, "admin", "/leaks", nil, "logs.zip", stealerLog(t))
	if body := w.Body.String(); !strings.Contains(body, "<strong>0</strong> new, 3 known already") {
		t.Errorf("the same again: %s", firstLines(body))
	}
	w = h.upload(t, "admin", "/leaks", nil, "logs.rar", "Rar!\x1a\x07\x01\x00xxxx")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "RAR archive; unpack it by hand") {
		t.Errorf("a packed archive: %d", w.Code)
	}
	h.play(t, scenario{name: "who", user: "admin", target: "/leaks", status: 200, has: []string{"kmuster", "Kim Muster, administrator", "special rights", "a private address of Kim Muster", "vpn[.]example[.]ch", "shop-db-1", ">ours<", "stealer log", "A collection"}, hasNot: []string{"kim.private", "elsewhere", stolen}})
	h.play(t, scenario{name: "by whose", user: "admin", target: "/leaks?q=kim+muster", status: 200, has: []string{"kmuster", "a private address of Kim"}})
	h.play(t, scenario{name: "on the profile", user: "admin", target: "/organisation", status: 200, has: []string{`href="/leaks?q=Kim%20Muster">leaked`, `href="/leaks?q=shop-db-1">possibly infected`}})
	h.play(t, scenario{name: "on the profile, not for analysts", user: "analyst", target: "/organisation", status: 200, hasNot: []string{"/leaks"}})
	h.play(t, scenario{name: "filtered", user: "admin", target: "/leaks?kind=stealer&q=vpn.example.ch", status: 200, has: []string{"kmuster"}, hasNot: []string{"a private address of"}})
	h.play(t, scenario{name: "none meets", user: "admin", target: "/leaks?kind=spam", status: 200, has: []string{"No account meets this filter"}})
	h.play(t, scenario{name: "no kind", user: "admin", target: "/leaks?kind=x", status: 400})
	h.play(t, scenario{name: "a reading is a line", user: "analyst", target: "/audit?target=system%2Fleaks", status: 200, has: []string{"leak.read", "leak.import", "vpn.example.ch"}})
	id := ""
	for _, r := range h.cfg.Leaks.Leak.Known().Records {
		if r.Account == "kmuster" {
			id = r.ID
		}
	}
	h.play(t, scenario{name: "forget without a reason", user: "admin", method: "POST", target: "/leaks/erase", form: url.Values{"id": {id}}, status: 400})
	h.play(t, scenario{name: "forget", user: "admin", method: "POST", target: "/leaks/erase", form: url.Values{"id": {id}, "why": {"asked for"}}, status: 303, to: "/leaks?erased=1"})
	h.play(t, scenario{name: "forgotten", user: "admin", target: "/leaks?erased=1", status: 200, has: []string{"Forgotten."}, hasNot: []string{"kmuster"}})
	h.play(t, scenario{name: "forget again", user: "admin", method: "POST", target: "/leaks/erase", form: url.Values{"id": {"kmuster"}, "why": {"x"}}, status: 404})
}

// What stands in a leaked file is shown as text, whatever it is.
func TestLeaksAreHostile(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.hostile()
	report, err := h.cfg.Leaks.Leak.Import(system(), leak.Order{Name: "x.csv", Source: markup, Reader: strings.NewReader("account,site,machine,family,date,kind\n" +
		"<script>alert(1)</script>" + rightTo + "@example.ch,vpn.example.ch,<img src=x>" + strings.Repeat("m", 500) + ",<b>RedLine</b>,2026-01-02,stealer\n")})
	h.must(err)
	if report.Stored != 1 {
		t.Fatalf("%+v", report)
	}
	ev := ref.Ref{Kind: ref.Event, ID: "9"}
	d := alert.Detection{
		ID: alert.DetectionID(ev, "r", ""), Time: time.Now(), Event: ev, Sensor: "idp", Summary: "a sign-in", Reason: alert.Reason{Kind: alert.ByProduct, Key: "r", Title: "sign-in", Level: "high"},
		Entity: alert.Entity{Kind: "host", Name: markup, Criticality: 10}, Account: alert.Account{Name: "x", Used: true}, Tactic: "initial-access",
		Leak:      &alert.Leak{Account: markup, Site: evilURL, Kind: markup, Source: long, Family: rightTo, Password: true, Machine: markup, User: markup},
		Infection: &alert.Leak{Kind: "stealer", Machine: markup, User: rightTo, Time: time.Now()},
	}
	taken, err := h.cfg.Alerts.Take(system(), []alert.Detection{d}, nil)
	h.must(err)
	for _, target := range []string{"/leaks", "/incidents/" + taken.Incidents[0]} {
		body := h.do("admin", "GET", target, nil).Body.String()
		for _, bad := range []string{"<script>alert", "<img src=x", "<b>RedLine", "\u202e", `href="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", target, bad)
			}
		}
	}
	body := h.do("viewer", "GET", "/incidents/"+taken.Incidents[0], nil).Body.String()
	if !strings.Contains(body, "Leaked accounts and machines") || !strings.Contains(body, "possibly infected") {
		t.Error("the incident does not show its leaks")
	}
	if errs := web.RenderZero(); errs["leaks"] != nil {
		t.Error(errs["leaks"])
	}
}

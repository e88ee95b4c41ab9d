package app_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
)

// password of the analyst in the browser.
const password = "correct horse battery"

// TestBrowser works a shift in a real browser on the bundled scenario.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute; the pass without -short runs it")
	}
	h := open(t, func(s *app.System) error { return s.PrepareDemo(t.Context(), "analyst", password, 0) })
	b := launch(t, h.Web)
	settle(t, h, len(demo.Script(time.Now())))
	for _, step := range []struct {
		name string
		test func(*testing.T, house, *browser)
	}{
		{"SignIn", signIn},
		{"Queue", queueKeys},
		{"News", newsWait},
		{"Verdict", verdictAndUndo},
		{"Block", blockAndUndo},
		{"Feed", feedOnAndOff},
		{"Theme", themeStays},
		{"Search", searchFinds},
		{"Hunt", huntAndPivot},
		{"Review", reviewByKeys},
		{"SetUp", setUpByKeys},
		{"Pages", pagesFit},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.test(t, h, b); b.calm(t) }) && step.name == "SignIn" {
			return
		}
	}
}

func signIn(t *testing.T, _ house, b *browser) {
	try := func(password string) {
		b.leave(t, func() {
			eval[any](t, b, `document.querySelector("[name=name]").value = "analyst"; document.querySelector("[name=password]").focus()`)
			b.press(t, password+"\r")
		})
	}
	b.open(t, "/feeds") // leads to the sign-in and then back
	try("wrong horse battery")
	b.here(t, `document.querySelector("[role=alert]") && document.querySelector("[name=name]").value === "analyst"`)
	if refused := b.complaints(); len(refused) != 1 || !strings.HasPrefix(refused[0], "network error") {
		t.Errorf("the page of a wrong password complains %q, want the status only", refused)
	}
	try(password)
	if p := b.path(t); p != "/feeds" {
		t.Errorf("after the sign-in at %s", p)
	}
}

// queueKeys works the list with the keyboard alone.
func queueKeys(t *testing.T, _ house, b *browser) {
	b.open(t, "/")
	b.here(t, `document.querySelector(".q-title").textContent.includes("Harbour Lantern")`)
	b.here(t, `[...document.querySelectorAll(".q-meta > *")].every((e) => e.offsetTop === e.parentElement.firstElementChild.offsetTop && e.scrollWidth <= e.clientWidth + 1)`) // no chip is cut
	at := func(n int) {
		t.Helper()
		if got := eval[int](t, b, `[...document.querySelectorAll(".qlink")].indexOf(document.activeElement)`); got != n {
			t.Errorf("the focus is on row %d, want %d", got, n)
		}
	}
	b.press(t, "j")
	at(1)
	b.press(t, "jj")
	at(3)
	b.press(t, "k")
	at(2)
	b.press(t, "x")
	b.here(t, `document.querySelectorAll(".pick input:checked").length === 1 && document.querySelector(".bulk").open`)
	b.press(t, "x")
	b.here(t, `document.querySelectorAll(".pick input:checked").length === 0`)
	b.press(t, "\r")
	b.until(t, `document.querySelectorAll(".qrow")[2].classList.contains("here")`)
	b.here(t, `document.querySelector("#detail article").dataset.incident === document.querySelectorAll(".qrow")[2].dataset.id`)
	at(2)
	b.press(t, "?")
	b.here(t, `document.getElementById("help").open`)
	b.press(t, "\u001b")
	b.here(t, `!document.getElementById("help").open`)
	b.press(t, "/")
	b.here(t, `document.activeElement.id === "filter"`)
	b.press(t, "jx") // are letters in a field
	b.here(t, `document.activeElement.value === "jx"`)
}

// listed is the ids of the list, in order.
func listed(t *testing.T, b *browser) []string {
	t.Helper()
	return eval[[]string](t, b, `[...document.querySelectorAll(".qrow")].map((r) => r.dataset.id)`)
}

// newsWait: what arrives is announced, moves nothing, and shows when asked for.
func newsWait(t *testing.T, h house, b *browser) {
	b.open(t, "/")
	b.here(t, `document.getElementById("news").hidden`)
	b.press(t, "jj")
	before, row := listed(t, b), eval[string](t, b, `document.activeElement.getAttribute("href")`)
	secret := ask[api.TokenView](t, h, "POST", "/tokens", map[string]string{"name": "resolver", "role": "sender"}).Secret
	send(t, h, secret, map[string]any{
		"@timestamp": time.Now().UTC(), "event": map[string]any{"dataset": "dns"}, "source": map[string]any{"ip": "10.20.10.7"},
		"dns": map[string]any{"question": map[string]any{"name": "drop.pilot-cargo.example"}},
	})
	b.until(t, `!document.getElementById("news").hidden`)
	b.here(t, `/^[1-9][0-9]* new$/.test(document.querySelector("[data-news]").textContent)`)
	if diff := cmp.Diff(before, listed(t, b)); diff != "" {
		t.Error("the list moved by itself: " + diff)
	}
	if now := eval[string](t, b, `document.activeElement.getAttribute("href")`); now != row {
		t.Errorf("the focus went from %s to %s", row, now)
	}
	b.leave(t, func() { b.press(t, "n") })
	b.here(t, `document.getElementById("news").hidden`)
}

// verdictAndUndo closes the first incident with keys and takes it back.
func verdictAndUndo(t *testing.T, _ house, b *browser) {
	b.open(t, "/")
	first := listed(t, b)[0]
	b.leave(t, func() { b.click(t, ".in-actions a.quiet") })
	if p := b.path(t); p != "/incidents/"+first {
		t.Fatalf("the incident opens at %s", p)
	}
	b.here(t, `document.querySelector(".incident > .in-head + .why")`) // the reason comes first
	b.here(t, `document.querySelector(".in-title").tagName === "H1"`)
	b.here(t, `[...document.querySelectorAll(".why-text")].some((e) => /[0-9a-f]{64}/.test(e.title) && !/[0-9a-f]{40}/.test(e.textContent))`)
	b.here(t, `document.querySelector(".incident a.chip.intel").getAttribute("href").startsWith("/intel?name=")`)
	b.press(t, "3") // needs a reason
	b.here(t, `document.activeElement.dataset.reason !== undefined && document.activeElement.required`)
	b.press(t, "the whole tunnel is a drill\u001b")
	b.leave(t, func() { b.press(t, "3") })
	b.here(t, `document.querySelector(".notice").textContent.includes("is closed")`)
	if slices.Contains(listed(t, b), first) {
		t.Error("a closed incident is in the queue")
	}
	b.leave(t, func() { b.press(t, "u") })
	if p := b.path(t); p != "/incidents/"+first {
		t.Errorf("the undo leads to %s", p)
	}
	b.here(t, `document.querySelector(".in-line .state").textContent === "open"`)
	if !slices.Contains(listed(t, b), first) {
		t.Error("after the undo the incident is not in the queue")
	}
}

// blockAndUndo: preview, confirm, undo.
func blockAndUndo(t *testing.T, _ house, b *browser) {
	b.open(t, "/")
	b.leave(t, func() { b.press(t, "b") })
	if p := b.path(t); p != "/blocks/new" {
		t.Fatalf("b leads to %s", p)
	}
	b.here(t, `document.querySelector("#blast").parentElement.textContent.includes("stored event")`)
	value := eval[string](t, b, `document.querySelector("[name=value]").value`)
	eval[any](t, b, `document.querySelector("[name=reason]").value = "command and control"`)
	b.leave(t, func() { b.click(t, "button.main") })
	b.open(t, "/blocks")
	active := `[...document.querySelectorAll("section[aria-labelledby=active] [data-copy]")].map((c) => c.dataset.copy)`
	if !slices.Contains(eval[[]string](t, b, active), value) {
		t.Errorf("%s is not among the active blocks", value)
	}
	b.leave(t, func() { b.click(t, "form[action$='/undo'] button") })
	if slices.Contains(eval[[]string](t, b, active), value) {
		t.Errorf("%s is still among the active blocks", value)
	}
	b.here(t, `document.querySelector("section[aria-labelledby=ended] td")`)
}

// feedOnAndOff turns a feed of the catalogue on and off. Its address leads
// nowhere here; that it failed must not keep anybody from turning it off.
func feedOnAndOff(t *testing.T, _ house, b *browser) {
	b.open(t, "/feeds")
	feed := eval[string](t, b, `document.querySelector("section[aria-labelledby=catalogue] td a").getAttribute("href")`)
	state := func(want string) {
		t.Helper()
		b.open(t, feed)
		if got := eval[string](t, b, `document.querySelector("form[action$='/switch'] button").textContent`); got != want {
			t.Errorf("the switch says %q, want %q", got, want)
		}
	}
	state("Turn on")
	b.leave(t, func() { b.click(t, "form[action$='/switch'] button") })
	state("Turn off")
	b.leave(t, func() { b.click(t, "form[action$='/switch'] button") })
	state("Turn on")
}

// themeStays: the theme chosen is that of every page after it.
func themeStays(t *testing.T, _ house, b *browser) {
	for _, theme := range []string{"light", "dark"} {
		b.open(t, "/health")
		b.click(t, ".user summary")
		b.leave(t, func() { b.click(t, ".user button[value="+theme+"]") })
		b.open(t, "/")
		b.here(t, `document.documentElement.dataset.theme === "`+theme+`"`)
		light := eval[bool](t, b, `getComputedStyle(document.body).backgroundColor === "rgb(244, 246, 248)"`)
		if light != (theme == "light") {
			t.Errorf("in the %s theme light is %v", theme, light)
		}
	}
}

// searchFinds an actor by its name and an indicator by its defanged value.
func searchFinds(t *testing.T, _ house, b *browser) {
	b.open(t, "/intel")
	b.press(t, "/Grey Cormorant")
	b.leave(t, func() { b.press(t, "\r") })
	b.leave(t, func() { b.click(t, "section[aria-labelledby=entities] a") })
	b.here(t, `document.querySelector("h1").textContent === "Grey Cormorant"`)
	b.open(t, "/intel")
	b.press(t, "/drop[.]pilot-cargo[.]example")
	b.leave(t, func() { b.press(t, "\r") })
	b.leave(t, func() { b.click(t, "section[aria-labelledby=indicators] .obs-link") })
	b.here(t, `document.querySelector("h1").textContent === "drop[.]pilot-cargo[.]example"`)
	if !strings.HasPrefix(b.path(t), "/indicators/") {
		t.Errorf("the indicator is at %s", b.path(t))
	}
}

// pagesFit: no page is wider than its window, shows where the focus is, and
// keeps what has the focus clear of the bars that stick.
// huntAndPivot asks, narrows by a click, and keeps the question.
func huntAndPivot(t *testing.T, _ house, b *browser) {
	b.open(t, "/hunt?since=")
	submit := func(text string) {
		b.leave(t, func() {
			eval[any](t, b, `document.querySelector("[name=q]").value = `+strconv.Quote(text)+`; document.querySelector("[role=search] button").click()`)
		})
	}
	count := `+document.getElementById("answer").textContent.replace(/[^0-9]/g, "")`
	submit("destination.ip:*")
	all := eval[int](t, b, count)
	b.here(t, `document.querySelectorAll("#main .spark rect").length > 0 && document.querySelectorAll(".pv").length > 10`)
	b.leave(t, func() { b.click(t, `.pv[title="destination.ip"]`) })
	if some := eval[int](t, b, count); some < 1 || some >= all {
		t.Errorf("%d events, and %d after narrowing", all, some)
	}
	b.here(t, `document.querySelector("[name=q]").value.startsWith('destination.ip:* destination.ip:"')`)
	eval[any](t, b, `document.querySelector("form[action='/hunts'] [name=name]").value = "Who talks to it"`)
	b.leave(t, func() {
		eval[any](t, b, `const f = document.querySelector("form[action='/hunts']"); f.closest("details").open = true; f.querySelector("button").click()`)
	})
	b.leave(t, func() { b.click(t, "form[action$='/run'] button") })
	b.here(t, `document.querySelector("#main .chip.warn").textContent === "found"`)
	b.open(t, "/hunt")
	submit("source.ip:")
	b.here(t, `document.querySelector("[role=alert]").textContent.includes("column 11")`)
	if refused := b.complaints(); len(refused) != 1 || !strings.HasPrefix(refused[0], "network error") {
		t.Errorf("the page of a wrong question complains %q, want the status only", refused)
	}
}

func pagesFit(t *testing.T, h house, b *browser) {
	stolen := "account,site,machine,family,date,kind\n" + strings.Repeat("long", 50) + "@meridian-freight.example," + strings.Repeat("a-long-name-", 5) + "x.example," + strings.Repeat("MACHINE", 20) + ",RedLine,2026-01-02,stealer\ni.kowalczyk,portal.meridian-portal.example,,,,combo\n"
	if err := h.Call(t.Context(), "POST", "/leaks/import?name=l.csv", strings.NewReader(stolen), nil); err != nil {
		t.Fatal(err)
	}
	link := func(from, selector string) string {
		b.open(t, from)
		return eval[string](t, b, `document.querySelector(`+"`"+selector+"`"+`).getAttribute("href")`)
	}
	incident := link("/", ".qlink")
	paths := []string{
		"/", "/?q=nothing+is+called+so", incident, link(incident, "a[href^='/events/']"), link(incident, "a[href^='/entities/']"),
		link(incident, "a[href^='/techniques/']"), "/intel", "/intel?q=Harbour+Lantern", link("/intel?q=pilot-cargo", ".obs-link"),
		"/lookup?value=unheard-of.example", "/feeds", link("/feeds", "section[aria-labelledby=chosen] td a"), "/blocks",
		"/blocks/new?value=" + url.QueryEscape("drop.pilot-cargo.example"), "/organisation", "/leaks", "/leaks?kind=spam&q=" + strings.Repeat("nothing", 40), "/organisation/setup?step=who", "/organisation/setup?step=networks", "/organisation/setup?step=assets", "/organisation/setup?step=money", "/suppressions", "/health", "/quality", "/audit", "/people", "/reports", link("/reports", "td a"),
		"/hunt", "/hunt?since=&q=" + url.QueryEscape("source.ip:* | count by source.ip, event.dataset"), "/hunt?since=&q=pilot-cargo.example", "/hunt?since=&q=" + url.QueryEscape(strings.Repeat("averylongword", 60)+` or "<script>`+"\u202e\""),
		link("/hunt", "a[href^='/hunts/']"),
	}
	for _, path := range paths {
		b.open(t, path)
		for _, width := range []int64{800, 1280, 1920} {
			b.size(t, width, 800)
			if over := eval[[]string](t, b, overflow); len(over) > 0 {
				t.Errorf("%s at %d px is too wide: %q", path, width, over)
			}
			var hidden []string
			for range 3 { // a busy machine may still lay the page out; what is lost stays lost
				eval[any](t, b, `document.querySelector(".skip").focus()`)
				b.press(t, "\t") // a focus set from here on is one of the keyboard
				if hidden = eval[[]string](t, b, focusLost); len(hidden) == 0 {
					break
				}
			}
			if len(hidden) > 0 {
				t.Errorf("%s at %d px loses the focus: %q", path, width, hidden[:min(len(hidden), 8)])
			}
		}
		b.calm(t)
	}
	b.size(t, 1280, 800)
}

// overflow names what sticks out of the window.
const overflow = `(() => {
	if (document.scrollingElement.scrollWidth <= innerWidth) return [];
	return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll *")).slice(0, 5).map((e) => e.outerHTML.slice(0, 120));
})()`

// focusLost names what cannot be seen to have the focus.
const focusLost = `(() => {
	const out = [];
	const bars = [document.querySelector(".top"), document.querySelector(".verdicts"), document.querySelector(".decide")].filter(Boolean);
	for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
		if (!e.checkVisibility({ visibilityProperty: true }) || e.matches(".skip")) continue;
		e.focus();
		if (document.activeElement !== e) continue;
		const style = getComputedStyle(e);
		if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) out.push("no outline: " + e.outerHTML.slice(0, 100));
		const box = e.getBoundingClientRect();
		for (const bar of bars) {
			if (bar.contains(e)) continue;
			const over = bar.getBoundingClientRect();
			if (box.top < over.bottom && box.bottom > over.top && box.left < over.right && box.right > over.left) out.push("below " + bar.className + ": " + e.outerHTML.slice(0, 100));
		}
	}
	return out;
})()`

package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// heron is a report with what pages stumble over: words without an end, markup,
// marks that turn text around, and many findings.
var heron = "# Operation Heron " + strings.Repeat("w", 70) + "\n\nThe HIDDEN COBRA operators deployed PlugX, which asks hxxps[:]//c2.heron[.]test/" + strings.Repeat("path/", 60) + " for orders.\n" +
	"<script>alert(1)</script> \u202edesrever\u202c and 10.1.2.3. It injects shellcode into a remote process with WriteProcessMemory and CreateRemoteThread.\n\n## C2 servers\n\n" +
	strings.Repeat("- a", 1) + "1.heron[.]test\n- a2.heron[.]test\n- " + strings.Repeat("x", 300) + "\n"

// reviewByKeys reads a report in and decides about it with the keyboard alone.
func reviewByKeys(t *testing.T, _ house, b *browser) {
	b.open(t, "/reports")
	eval[any](t, b, `document.querySelector("textarea[name=text]").focus()`)
	eval[any](t, b, `document.querySelector("textarea[name=text]").value = `+jsString(heron))
	b.leave(t, func() { b.click(t, "form[enctype] button.main") })
	if !strings.HasPrefix(b.path(t), "/reports/") {
		t.Fatalf("after reading at %s", b.path(t))
	}
	b.here(t, `document.querySelector("h1").textContent && document.querySelectorAll(".finding").length >= 6 && !document.querySelector(".doc script")`)
	b.here(t, `document.querySelector(".doc").textContent.includes("⟦U+202E⟧")`)
	b.press(t, "j") // the first finding
	b.here(t, `document.activeElement.closest(".finding").querySelector(".f-value").textContent === "Lazarus Group" && document.querySelectorAll("mark.here").length === 1`)
	b.press(t, "a") // accepts it and goes on
	b.here(t, `document.querySelector(".finding").classList.contains("f-accepted") && document.activeElement.closest(".finding").textContent.includes("PlugX")`)
	b.press(t, "r")
	eval[any](t, b, `document.querySelector("[data-section=observable] .flink").focus()`)
	b.press(t, "A") // all of the section
	b.here(t, `[...document.querySelectorAll("[data-section=observable] > .findings .finding")].every((f) => f.classList.contains("f-accepted"))`)
	b.leave(t, func() { b.press(t, "s") })
	b.here(t, `document.querySelector("[role=status]").textContent.includes("stored") && document.querySelectorAll(".finding.f-accepted").length >= 4 && document.querySelectorAll(".finding.f-rejected").length === 1`)
	b.open(t, "/intel?q=a1.heron.test")
	b.here(t, `document.querySelector("section[aria-labelledby=indicators] .obs-link")`)
	capture(t, b)
}

func jsString(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`", "$", "\\$").Replace(s) + "`"
}

// capture keeps pictures of the review where VEDETTE_CAPTURES names a directory.
func capture(t *testing.T, b *browser) {
	t.Helper()
	dir := os.Getenv("VEDETTE_CAPTURES")
	if dir == "" {
		return
	}
	b.open(t, "/reports")
	path := eval[string](t, b, `document.querySelector("td a").getAttribute("href")`)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 1920} {
			for name, at := range map[string]string{"reports": "/reports", "report": path} {
				b.open(t, at)
				b.size(t, width, 1000)
				eval[any](t, b, `document.documentElement.dataset.theme = "`+theme+`"`)
				png := do(t, b, chromedp.CaptureScreenshot())
				file := filepath.Join(dir, name+"-"+theme+"-"+map[int64]string{1280: "1280", 1920: "1920"}[width]+".png")
				if err := os.WriteFile(file, png, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	b.size(t, 1280, 800)
}

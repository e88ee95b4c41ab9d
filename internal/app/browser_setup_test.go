package app_test

import "testing"

// setUpByKeys answers two questions of the guided set-up with the keyboard alone: what an
// answer changes is shown while it is written, is saved with one key, and the set-up can be
// left and taken up again.
func setUpByKeys(t *testing.T, _ house, b *browser) {
	b.open(t, "/organisation/setup?step=networks")
	eval[any](t, b, `document.querySelector("[name=networks]").focus()`)
	b.press(t, "203.0.113.99/32 kiosk")
	b.until(t, `document.querySelector("#effects").textContent.includes("network kiosk")`)
	b.here(t, `document.querySelector("#effects").textContent.includes("ranked anew") && document.activeElement.name === "networks"`)
	eval[any](t, b, `document.querySelector("[name=networks]").value = "10.0.0.0/99 wrong"; document.querySelector("[name=networks]").focus()`)
	b.press(t, "!")
	b.until(t, `document.querySelector("#effects").textContent.includes("is no address range")`)
	eval[any](t, b, `document.querySelector("[name=networks]").value = ""; document.querySelector("[name=networks]").focus()`)
	b.press(t, "203.0.113.99/32 kiosk\t")
	b.here(t, `document.activeElement.value === "save"`)
	b.leave(t, func() { b.press(t, "\r") })
	b.here(t, `location.search.includes("step=names&saved=networks") && document.querySelector(".notice").textContent.includes("Networks: saved")`)
	b.open(t, "/organisation")
	b.here(t, `document.body.textContent.includes("203.0.113.99/32")`)
}

package web

import "testing"

func TestPlural(t *testing.T) {
	for want, got := range map[string]string{
		"1 day": plural(1, "day"), "0 days": plural(0, "day"), "2 entries": plural(2, "entry"), "2 copies": plural(2, "copy"),
		"2 processes": plural(2, "process"), "2 events": plural(2, "event"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package org

import (
	"strconv"
	"strings"
	"time"
)

// fileTime is when the clock of Windows began: it counts 100 ns from there.
var fileTime = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)

// passwordChanged reads from a directory entry when the password was last set: pwdLastSet
// of Active Directory, pwdChangedTime of OpenLDAP, shadowLastChange of Unix. Zero = it
// does not say.
func passwordChanged(e map[string][]string) time.Time {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(strings.TrimSpace(first(e[name])), 10, 64)
		if err != nil || n <= 0 {
			return 0
		}
		return n
	}
	var t time.Time
	if n := number("pwdlastset"); n > 0 {
		t = fileTime
		for seconds := n / 10_000_000; seconds > 0; seconds -= 1 << 32 { // a Duration is too short for it
			t = t.Add(time.Duration(min(seconds, 1<<32)) * time.Second)
			if t.Year() > 3000 {
				return time.Time{}
			}
		}
	} else if text := first(e["pwdchangedtime"]); text != "" {
		for _, layout := range []string{"20060102150405Z", "20060102150405.999999Z"} {
			if parsed, err := time.Parse(layout, text); err == nil {
				t = parsed
			}
		}
	} else if n := number("shadowlastchange"); n > 0 && n < 100_000 {
		t = time.Unix(n*24*60*60, 0)
	}
	if t.IsZero() || t.Year() < 1990 || t.Year() > 2100 {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

package web

import (
	"fmt"
	"html/template"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// funcs are the words templates know beside those of html/template.
func funcs(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"ago":     func(t time.Time) string { return ago(now(), t) },
		"bars":    func(score int) priorityBars { return priorityBars{score} },
		"brief":   brief,
		"bytes":   whole(byteSize),
		"chip":    func(level any) severity { return severity{Level: fmt.Sprint(level)} },
		"defang":  indicator.Defang,
		"every":   every,
		"seen":    seenValue,
		"group":   whole(group),
		"hours":   func(h float64) string { return signedSpan(h * 60) },
		"join":    strings.Join,
		"minutes": func(m float64) string { return signedSpan(m) },
		"nameurl": nameSearchURL,
		"obs":     func(t indicator.Type, value string) observable { return observable{Type: t, Value: value} },
		"obsin":   func(t indicator.Type, value, incident string) observable { return observable{t, value, incident} },
		"parts":   func(name string) []string { return strings.Split(name, "/") }, // where a long name may break
		"pain":    func(t indicator.Type) string { return indicator.PainLevel(t).String() },
		"percent": percent,
		"points":  points, "shareditem": sharedItem, "sharedhow": sharedHow,
		"likely": likely,
		"lasted": lasted,
		"plural": func(n any, what string) (string, error) {
			return whole(func(n int64) string { return plural(int(n), what) })(n)
		},
		"both":     func(l findingLine, act bool) actedLine { return actedLine{l, act} },
		"lower":    strings.ToLower,
		"seentext": seenText,
		"pair":     func(from string, l sameLine) sameForm { return sameForm{from, l} },
		"prose":    prose,
		"refurl":   refURL,
		"short":    short,
		"signed":   func(f float64) string { return strings.Replace(fmt.Sprintf("%+.2f", f), "-", "−", 1) },
		"stamp":    stamp,
		"trim":     func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) },
		"round1":   func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) },
		"techpath": func(id any) string { return "/techniques/" + url.PathEscape(fmt.Sprint(id)) },
		"words":    func(v any) string { return strings.ReplaceAll(fmt.Sprint(v), "-", " ") },
	}
}

func percent(p float64) string {
	return strconv.FormatFloat(100*p, 'f', percentDigits(p), 64) + " %"
}

// likely is a probability in words that do not claim certainty.
func likely(p float64) string {
	switch {
	case p > .999:
		return "over 99.9 %"
	case p < .001:
		return "under 0.1 %"
	}
	return percent(p)
}

// lasted is a duration without places nobody reads: "13.7ms", "10m8s".
func lasted(d time.Duration) string {
	unit := time.Second
	for _, u := range []time.Duration{100 * time.Microsecond, 10 * time.Millisecond, 100 * time.Millisecond} {
		if d < 1000*u {
			unit = u
			break
		}
	}
	return d.Round(unit).String()
}

// signedSpan is so many minutes in the unit that reads best: "at once", "3 d".
func signedSpan(minutes float64) string {
	sign := ""
	if minutes < 0 {
		sign, minutes = "−", -minutes
	}
	switch {
	case minutes < 1:
		return "at once"
	case minutes < 120:
		return sign + strconv.FormatFloat(minutes, 'f', 0, 64) + " min"
	case minutes < 48*60:
		return sign + strconv.FormatFloat(minutes/60, 'f', 0, 64) + " h"
	}
	return sign + strconv.FormatFloat(minutes/60/24, 'f', 0, 64) + " d"
}

// every is an interval in whole hours or minutes.
func every(d time.Duration) string {
	if d > time.Hour && d%time.Hour != 0 {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return span(d)
}

func percentDigits(p float64) int {
	if p > .995 && p < 1 || p < .01 {
		return 1
	}
	return 0
}

// whole makes a function of a whole number one of any of Go's integer types; a
// template that gives it something else fails, and with it its test.
func whole(fn func(n int64) string) func(n any) (string, error) {
	return func(n any) (string, error) {
		switch v := reflect.ValueOf(n); {
		case v.CanInt():
			return fn(v.Int()), nil
		case v.CanUint():
			return fn(int64(v.Uint())), nil
		}
		return "", fmt.Errorf("%v (%T) is no whole number", n, n)
	}
}

// ago says in the shortest words how far a time is from now.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < time.Minute {
		return "now"
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d < 100*24*time.Hour:
		return fmt.Sprintf("%d d", int(d.Hours()/24))
	case d < 2*365*24*time.Hour:
		return fmt.Sprintf("%d months", int(d.Hours()/24/30.4))
	}
	return fmt.Sprintf("%d years", int(d.Hours()/24/365.25))
}

// stamp is a time as a reader of a log wants it, in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

// group writes a number with thin spaces between groups of three digits.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	digits := strings.TrimPrefix(s, "-")
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && len(digits) > 4 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(r)
	}
	return s[:len(s)-len(digits)] + b.String()
}

func byteSize(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[i]
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok && !strings.HasSuffix(stem, "a") { // not days
		what = stem + "ie"
	} else if strings.HasSuffix(what, "s") {
		what += "e"
	}
	return group(int64(n)) + " " + what + "s"
}

// short cuts s after n characters.
func short(n int, s string) string {
	i := 0
	for at := range s {
		if i == n {
			return s[:at] + "…"
		}
		i++
	}
	return s
}

// refURL is the page of a thing; "" when it has none.
func refURL(r any) string {
	var to ref.Ref
	switch r := r.(type) {
	case ref.Ref:
		to = r
	case string:
		parsed, err := ref.Parse(r)
		if err != nil {
			return ""
		}
		to = parsed
	}
	id := url.PathEscape(to.ID)
	switch to.Kind {
	case ref.Indicator:
		return "/indicators/" + id
	case ref.Entity:
		return "/entities/" + id
	case ref.Incident:
		return "/incidents/" + id
	case ref.Event:
		return "/events/" + id
	case ref.Hunt:
		if strings.HasPrefix(to.ID, "list/") {
			return "/hunt"
		}
		return "/hunts/" + id
	case ref.Job:
		return "/hunt#back"
	case ref.Feed:
		return "/feeds/" + id
	case ref.Action, ref.List:
		return "/blocks"
	case ref.Profile, ref.Asset, ref.Person:
		return "/organisation"
	case ref.User, ref.Token:
		return "/people"
	}
	return ""
}

// seenValue is FIELD=VALUE of an event, defanged where the value is or holds an
// address that could be followed; paths and command lines stay as they were typed.
func seenValue(s string) string {
	_, value, _ := strings.Cut(s, "=")
	if _, _, err := indicator.Detect(value); err == nil && !strings.Contains(value, `\`) || strings.Contains(value, "://") {
		return indicator.Defang(s)
	}
	return s
}

package web

import (
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// spark is a small histogram; one that has a table or a sentence beside it.
type spark struct {
	Width, Height int
	Bars          []column
	From, To      string
	Label         string
}

type column struct {
	X, Y, W, H int
	Title      string
}

// count is how much fell into a stretch of time.
type stretch struct {
	title string
	n     int
}

const (
	sparkHeight = 40
	// sparkDays bounds the days that are drawn one by one.
	sparkDays = 366
)

func newSpark(days []telemetry.SeenDay) spark {
	if len(days) == 0 {
		return spark{}
	}
	count := map[string]int{}
	for _, d := range days {
		count[d.Day] = d.Count
	}
	first, err1 := time.Parse(time.DateOnly, days[0].Day)
	last, err2 := time.Parse(time.DateOnly, days[len(days)-1].Day)
	if err1 != nil || err2 != nil || last.Before(first) {
		return spark{}
	}
	if last.Sub(first) > sparkDays*24*time.Hour { // an event with a strange clock must not stretch it
		first = last.AddDate(0, 0, -sparkDays)
	}
	var all []stretch
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		all = append(all, stretch{day, count[day]})
	}
	return bars(all, "Events by day")
}

// bars draws stretches side by side.
func bars(all []stretch, what string) spark {
	most := 1
	for _, s := range all {
		most = max(most, s.n)
	}
	const w = 8
	p := spark{Height: sparkHeight, Width: max(len(all), 1) * w}
	for i, s := range all {
		h := 0
		if s.n > 0 {
			h = max(1, s.n*sparkHeight/most)
		}
		p.Bars = append(p.Bars, column{i * w, sparkHeight - h, w - 1, h, fmt.Sprintf("%s: %d", s.title, s.n)})
	}
	if len(all) > 0 {
		p.From, p.To = all[0].title, all[len(all)-1].title
	}
	p.Label = fmt.Sprintf("%s from %s to %s, at most %d", what, p.From, p.To, most)
	return p
}

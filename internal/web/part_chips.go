package web

import "unicode/utf8"

// chipRow is as many names as fit whole into a row, and how many more there are.
type chipRow struct {
	Shown []string
	More  int
}

// What the frame of a chip and the number of those left out take, in characters.
const (
	chipFrame = 3
	moreRoom  = 4
)

// newChips takes names while they fit into room, in characters; the first always.
func newChips(names []string, room int) chipRow {
	var c chipRow
	for i, n := range names {
		n = short(24, n)
		room -= utf8.RuneCountInString(n) + chipFrame
		if last := i == len(names)-1; i > 0 && (room < 0 || !last && room < moreRoom) {
			c.More = len(names) - i
			break
		}
		c.Shown = append(c.Shown, n)
	}
	return c
}

// rowRoom is how many characters the chips of a row of the queue have: those of
// the narrowest list beside an incident.
const (
	rowRoom  = 33
	nameRoom = 20 // of them for names, when there are any
)

// Hosts are the entities of the row as chips.
func (r queueRow) Hosts() chipRow {
	var names []string
	for _, e := range r.Entities {
		names = append(names, e.Name)
	}
	room := rowRoom
	if len(r.Incident.Names) > 0 {
		room -= nameRoom
	}
	return newChips(names, room)
}

// Known are the names that intelligence gives, as chips.
func (r queueRow) Known() chipRow {
	return newChips(r.Incident.Names, nameRoom)
}

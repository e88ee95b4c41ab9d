package web

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
)

// hood is the neighbourhood of an entity, drawn: the entity in the middle, its
// relations on both sides of it, one line of text each, so that no label lies over
// another.
type hood struct {
	Width, Height int
	Label         string // for who cannot see it
	Centre        hoodNode
	Nodes         []hoodNode
	More          int // that are not drawn
}

type hoodNode struct {
	X, Y, TextX int
	Anchor      string // of the text: start, end
	Name, Title string
	Class, URL  string
}

const (
	hoodNodes  = 60
	hoodWidth  = 1000
	hoodRow    = 19 // between two labels
	hoodNear   = 110
	hoodBulge  = 110
	hoodLetter = 32 // of a label
)

// newHood lays out a neighbourhood. Equal relations give an equal picture.
func newHood(centre string, lines []relationLine) hood {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l relationLine) bool { return l.Entity == nil })
	slices.SortFunc(lines, func(a, b relationLine) int {
		return cmp.Or(cmp.Compare(hoodOrder(a), hoodOrder(b)), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Entity.AttackID, b.Entity.AttackID), cmp.Compare(a.Entity.Name, b.Entity.Name), cmp.Compare(a.Entity.ID, b.Entity.ID))
	})
	lines = slices.CompactFunc(lines, func(a, b relationLine) bool { return a.Entity.ID == b.Entity.ID })
	h := hood{Width: hoodWidth}
	shown := fair(lines, hoodNodes)
	h.More = len(lines) - len(shown)
	right := (len(shown) + 1) / 2
	h.Height = max(160, (right+2)*hoodRow)
	h.Centre = hoodNode{X: hoodWidth / 2, Y: h.Height / 2, Name: short(hoodLetter, centre)}
	for i, l := range shown {
		n := hoodNode{Name: short(hoodLetter, strings.TrimSpace(l.Entity.AttackID+" "+l.Entity.Name)), Class: "n-" + l.Entity.Type, URL: "/entities/" + url.PathEscape(l.Entity.ID)}
		n.Title = said(l, centre)
		side, row, rows := 1, i, right
		n.Anchor = "start"
		if i >= right {
			side, row, rows = -1, i-right, len(shown)-right
			n.Anchor = "end"
		}
		n.Y = h.Height/2 + (2*row-rows+1)*hoodRow/2
		t := float64(2*row-rows+1) / float64(max(rows, 1))
		n.X = hoodWidth/2 + side*(hoodNear+int(hoodBulge*math.Sqrt(1-t*t)))
		n.TextX = n.X + side*9
		h.Nodes = append(h.Nodes, n)
	}
	h.Label = fmt.Sprintf("%s with %s around it; the lists below hold the same.", short(80, centre), plural(len(shown), "neighbour"))
	return h
}

// said is the relation as a sentence.
func said(l relationLine, centre string) string {
	verb := strings.ReplaceAll(l.Type, "-", " ")
	if l.Outward {
		return centre + " " + verb + " " + l.Entity.Name
	}
	return l.Entity.Name + " " + verb + " " + centre
}

// hoodOrder puts who acts first, then what they use.
func hoodOrder(l relationLine) int {
	return slices.Index([]string{"attack-pattern", "course-of-action", "vulnerability", "tool", "malware", "campaign", "threat-actor", "intrusion-set"}, l.Entity.Type) * -1
}

// fair takes turns between the kinds when there are too many: of ninety techniques
// and three campaigns the campaigns are all drawn.
func fair(lines []relationLine, most int) []relationLine {
	if len(lines) <= most {
		return lines
	}
	turn := make([]int, len(lines)) // how many of its kind stand before it
	seen := map[string]int{}
	for i, l := range lines {
		turn[i] = seen[l.Entity.Type]
		seen[l.Entity.Type]++
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(turn[a], turn[b]) })
	order = order[:most]
	slices.Sort(order)
	var out []relationLine
	for _, i := range order {
		out = append(out, lines[i])
	}
	return out
}

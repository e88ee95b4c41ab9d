package document

import "github.com/ledongthuc/pdf"

const (
	maxPageDepth = 64     // of the tree of pages
	maxPageNodes = 20_000 // of it, looked at
)

// pagesOf lists the pages of a file in their order, one more than most when there are
// more. A tree that goes round in circles ends where its bounds are, and so does a page
// that is its own parent: the library would follow them for ever.
func pagesOf(r *pdf.Reader, most int) []pdf.Page {
	var out []pdf.Page
	nodes := 0
	var walk func(v pdf.Value, depth int)
	walk = func(v pdf.Value, depth int) {
		kids := v.Key("Kids")
		for i := 0; i < kids.Len() && len(out) <= most; i++ {
			if nodes++; nodes > maxPageNodes || depth > maxPageDepth {
				return
			}
			switch kid := kids.Index(i); kid.Key("Type").Name() {
			case "Pages":
				walk(kid, depth+1)
			case "Page":
				if inherits(kid) {
					out = append(out, pdf.Page{V: kid})
				}
			}
		}
	}
	walk(r.Trailer().Key("Root").Key("Pages"), 0)
	return out
}

// inherits reports whether the parents of a page come to an end.
func inherits(v pdf.Value) bool {
	for range maxPageDepth {
		if v = v.Key("Parent"); v.IsNull() {
			return true
		}
	}
	return false
}

package content_test

import (
	"os"
	"strings"
	"testing"
)

// TestDocumented holds the table of docs/formats.md against the descriptions: each
// has a row with its title, and no row is left over.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	_, table, _ := strings.Cut(string(doc), "### Described formats")
	table, _, _ = strings.Cut(table, "\n### ")
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) == 3 && strings.HasPrefix(line, "| `") {
			rows[strings.Trim(cells[0], "|` ")] = cells[1]
		}
	}
	for _, d := range descriptions(t) {
		if rows[d.Name] != d.Title {
			t.Errorf("docs/formats.md says %q of %s, its description %q", rows[d.Name], d.Name, d.Title)
		}
		delete(rows, d.Name)
	}
	for name := range rows {
		t.Errorf("docs/formats.md has a row for %s, which nothing describes", name)
	}
}

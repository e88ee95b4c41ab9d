package format

// NamedFields are the fields that a record's names may tell of.
func NamedFields() []string {
	out := []string{"process.name"}
	for _, m := range meanings[1:] {
		out = append(out, m.field)
	}
	return out
}

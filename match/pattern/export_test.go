package pattern

// TextFields are the fields whose texts events are asked for, besides observables.
func TextFields() []string {
	names := append([]string{"registry.data.strings", "registry.value"}, protocols...)
	for _, p := range properties {
		if !p.number {
			names = append(names, p.field)
		}
	}
	return names
}

package telemetry

import "strings"

// importedFrom begins the source of records that came out of old files.
const importedFrom = "import/"

// ImportedFrom is the source of records of an old file.
func ImportedFrom(name string) string { return importedFrom + name }

// Imported says whether a source is an old file: its events happened long before they
// arrived, and tell nothing of how things are now.
func Imported(source string) bool { return strings.HasPrefix(source, importedFrom) }

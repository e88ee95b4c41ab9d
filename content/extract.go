package content

import (
	"bytes"
	_ "embed" // for the files below
	"io"
)

//go:embed extract/names.json.gz
var extractNames []byte

//go:embed extract/techniques.json.gz
var extractTechniques []byte

//go:embed extract/NOTICE
var extractNotice string

// ExtractNames returns the dictionary of actors, malware, tools, campaigns,
// sectors and countries; extract.DecodeNames reads it.
func ExtractNames() io.Reader { return bytes.NewReader(extractNames) }

// ExtractTechniques returns the model that suggests techniques;
// extract.DecodeModel reads it.
func ExtractTechniques() io.Reader { return bytes.NewReader(extractTechniques) }

// ExtractNotice says where both come from, and under which terms.
func ExtractNotice() string { return extractNotice }

package content

import (
	"bytes"
	_ "embed" // for the files below
	"sync"

	"github.com/vedette-soc/vedette/attack"
)

//go:embed attack/catalogue.json.gz
var attackCatalogue []byte

//go:embed attack/NOTICE
var attackLicence string

// AttackNotice is the line that MITRE's licence asks to be shown with ATT&CK.
const AttackNotice = "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."

// AttackLicence returns the terms under which MITRE gives ATT&CK away, with the
// notice; whoever passes the catalogue on passes them on too.
func AttackLicence() string { return attackLicence }

// Attack returns the catalogue of ATT&CK, all its domains. The first call decodes
// it, which takes some milliseconds.
func Attack() (*attack.Catalogue, error) { return decodeAttack() }

var decodeAttack = sync.OnceValues(func() (*attack.Catalogue, error) {
	return attack.Decode(bytes.NewReader(attackCatalogue))
})

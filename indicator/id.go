package indicator

import "github.com/google/uuid"

// stixNamespace is the namespace STIX 2.1 (section 2.9) prescribes for the
// deterministic ids of observables.
var stixNamespace = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7")

// ID is the UUIDv5 of a type and its canonical value: the same thing has the
// same id everywhere.
func ID(t Type, value string) string {
	return uuid.NewSHA1(stixNamespace, []byte(string(t)+"\x00"+value)).String()
}

package indicator

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"
)

// observables is the namespace of deterministic ids of STIX 2.1 §2.9.
var observables = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7")

// ID returns the UUIDv5 of a type and canonical value in the STIX namespace. It
// is the id of an [Indicator]: the same everywhere and for ever.
func ID(t Type, value string) string {
	name, _ := json.Marshal(struct {
		Type  Type   `json:"type"`
		Value string `json:"value"`
	}{t, value})
	return uuid.NewSHA1(observables, name).String()
}

// ObservableID returns the id that STIX 2.1 prescribes for the cyber-observable
// object of a value ("ipv4-addr--28bb3599-…"), "" for types that STIX has no
// object for.
func ObservableID(t Type, value string) string {
	object, name := contribution(t, value)
	if object == "" {
		return ""
	}
	j, err := json.Marshal(name)
	if err != nil {
		return ""
	}
	return object + "--" + uuid.NewSHA1(observables, j).String()
}

// contribution returns the object type and the id-contributing properties.
func contribution(t Type, value string) (string, any) {
	hash := func(object, name string) (string, any) {
		return object, map[string]any{"hashes": map[string]string{name: value}}
	}
	switch t {
	case IPv4, IPv6, Domain, URL, Email, MAC:
		return string(t), map[string]string{"value": value}
	case MD5:
		return hash("file", "MD5")
	case SHA1:
		return hash("file", "SHA-1")
	case SHA256:
		return hash("file", "SHA-256")
	case SHA512:
		return hash("file", "SHA-512")
	case CertSHA1:
		return hash("x509-certificate", "SHA-1")
	case CertSHA256:
		return hash("x509-certificate", "SHA-256")
	case FileName:
		return "file", map[string]string{"name": value}
	case Mutex:
		return "mutex", map[string]string{"name": value}
	case RegistryKey:
		return string(t), map[string]string{"key": value}
	case UserAccount:
		return string(t), map[string]string{"account_login": value}
	case ASN:
		return string(t), map[string]json.Number{"number": json.Number(strings.TrimPrefix(value, "AS"))}
	}
	return "", nil
}

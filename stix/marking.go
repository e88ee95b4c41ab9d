package stix

import "github.com/vedette-soc/vedette/indicator"

// tlpExtension is the extension definition of TLP 2.0 (OASIS CTI, 2022).
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// tlpMarkings are the marking definitions that the TLP 2.0 extension reserves.
var tlpMarkings = map[indicator.TLP]struct{ id, word string }{
	indicator.TLPClear:       {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"},
	indicator.TLPGreen:       {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"},
	indicator.TLPAmber:       {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"},
	indicator.TLPAmberStrict: {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"},
	indicator.TLPRed:         {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"},
}

// MarkingID returns the id of the TLP 2.0 marking definition of l, "" for
// [indicator.TLPUnknown].
func MarkingID(l indicator.TLP) string { return tlpMarkings[l].id }

// marking is a TLP 2.0 marking definition as the extension prescribes it.
type marking struct {
	Type        string                      `json:"type"`
	SpecVersion string                      `json:"spec_version"`
	ID          string                      `json:"id"`
	Created     string                      `json:"created"`
	Name        string                      `json:"name"`
	Extensions  map[string]markingExtension `json:"extensions"`
}

type markingExtension struct {
	Type string `json:"extension_type"`
	TLP  string `json:"tlp_2_0"`
}

func markingOf(l indicator.TLP) marking {
	m := tlpMarkings[l]
	return marking{
		"marking-definition", "2.1", m.id, "2022-10-01T00:00:00.000Z", l.String(),
		map[string]markingExtension{tlpExtension: {"property-extension", m.word}},
	}
}

// reserved are the ids of the TLP 1 markings of the STIX 2.1 specification. What
// was WHITE is called CLEAR today.
var reserved = map[string]indicator.TLP{
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": indicator.TLPClear,
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": indicator.TLPGreen,
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": indicator.TLPAmber,
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": indicator.TLPRed,
}

// TLPOf returns the label of a marking that the specification or the TLP 2.0
// extension reserves; [indicator.TLPUnknown] for any other.
func TLPOf(markingID string) indicator.TLP {
	for label, m := range tlpMarkings {
		if m.id == markingID {
			return label
		}
	}
	return reserved[markingID]
}

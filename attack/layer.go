package attack

import "strings"

// Layer is a layer of MITRE's ATT&CK Navigator, format 4.5.
type Layer struct {
	Name        string           `json:"name"`
	Versions    LayerVersions    `json:"versions"`
	Domain      string           `json:"domain"` // "enterprise-attack"
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"` // 3 = by score, highest first
	Techniques  []LayerTechnique `json:"techniques"`
	Gradient    LayerGradient    `json:"gradient"`
	Legend      []LayerLegend    `json:"legendItems"`
	Hide        bool             `json:"hideDisabled"`
}

// LayerVersions are those of ATT&CK, of the Navigator and of the format.
type LayerVersions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

// LayerTechnique is one cell.
type LayerTechnique struct {
	ID      ID     `json:"techniqueID"`
	Tactic  string `json:"tactic"`
	Score   int    `json:"score"`
	Comment string `json:"comment,omitempty"`
	Enabled bool   `json:"enabled"`
	Subs    bool   `json:"showSubtechniques"`
}

// LayerGradient says which colours scores have.
type LayerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

// LayerLegend explains a colour.
type LayerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

// NewLayer returns a layer without techniques; scores run from 0 to most.
func (c *Catalogue) NewLayer(d Domain, name, description string, most int) Layer {
	major, _, _ := strings.Cut(c.version, ".")
	return Layer{
		Name: name, Description: description, Domain: string(d) + "-attack", Versions: LayerVersions{Attack: major, Navigator: "5.1.0", Layer: "4.5"},
		Sorting: 3, Techniques: []LayerTechnique{}, Gradient: LayerGradient{Colors: []string{"#ffffff", "#a5b4fc", "#3f51b5"}, Min: 0, Max: max(most, 1)}, Legend: []LayerLegend{},
	}
}

package org

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// nmapHost is what is read of a host of an nmap scan (nmap.dtd).
type nmapHost struct {
	Status struct {
		State string `xml:"state,attr"`
	} `xml:"status"`
	Addresses []struct {
		Addr string `xml:"addr,attr"`
		Type string `xml:"addrtype,attr"`
	} `xml:"address"`
	Names []struct {
		Name string `xml:"name,attr"`
		Type string `xml:"type,attr"`
	} `xml:"hostnames>hostname"`
	Ports []struct {
		State struct {
			State string `xml:"state,attr"`
		} `xml:"state"`
		Service struct {
			Product string   `xml:"product,attr"`
			Version string   `xml:"version,attr"`
			CPE     []string `xml:"cpe"`
		} `xml:"service"`
	} `xml:"ports>port"`
}

func readNmap(inv *Inventory, file []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(file))
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); !ok || e.Name.Local != "host" {
			continue
		} else {
			var h nmapHost
			if err := dec.DecodeElement(&h, &e); err != nil {
				return err
			}
			inv.addHost(h)
		}
	}
}

// addHost takes a host that answered.
func (inv *Inventory) addHost(h nmapHost) {
	if h.Status.State == "down" || inv.full() {
		inv.skip("down")
		return
	}
	var a Asset
	for _, addr := range h.Addresses {
		if addr.Type == "ipv4" || addr.Type == "ipv6" {
			a.Addresses = append(a.Addresses, addr.Addr)
		}
	}
	for _, n := range h.Names {
		if name := strings.ToLower(n.Name); name != "" && !slices.Contains(a.Hostnames, name) {
			a.Hostnames = append(a.Hostnames, name)
		}
	}
	for _, p := range h.Ports {
		if p.State.State != "open" || p.Service.Product == "" {
			continue
		}
		if t := (Technology{Name: p.Service.Product, Version: p.Service.Version, CPE: first(p.Service.CPE)}); !slices.Contains(inv.Technologies, t) {
			inv.Technologies = append(inv.Technologies, t)
		}
		if !containsFold(a.Technologies, p.Service.Product) {
			a.Technologies = append(a.Technologies, p.Service.Product)
		}
	}
	switch {
	case len(a.Hostnames) > 0:
		a.Name = a.Hostnames[0]
	case len(a.Addresses) > 0:
		a.Name = a.Addresses[0]
	default:
		inv.skip("no-address")
		return
	}
	a.ID = slug(a.Name)
	inv.Assets = append(inv.Assets, a)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// slug is an id made of a name.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
}

// component is a component of a CycloneDX bill of materials.
type component struct {
	Name       string      `json:"name" xml:"name"`
	Group      string      `json:"group" xml:"group"`
	Version    string      `json:"version" xml:"version"`
	CPE        string      `json:"cpe" xml:"cpe"`
	PURL       string      `json:"purl" xml:"purl"`
	Publisher  string      `json:"publisher" xml:"publisher"`
	Components []component `json:"components" xml:"components>component"`
}

const maxBOMDepth = 20

func readCycloneDX(inv *Inventory, file []byte) error {
	var bom struct {
		Components []component `json:"components"`
	}
	if err := json.Unmarshal(file, &bom); err != nil {
		return err
	}
	inv.addComponents(bom.Components, 0)
	return nil
}

func (inv *Inventory) addComponents(list []component, depth int) {
	for _, c := range list {
		switch {
		case c.Name == "" || inv.full():
			inv.skip("no-name")
			continue
		case depth > maxBOMDepth:
			inv.skip("too-deep")
			continue
		}
		vendor := c.Publisher
		if vendor == "" {
			vendor = c.Group
		}
		inv.Technologies = append(inv.Technologies, Technology{Name: c.Name, Vendor: vendor, Version: c.Version, CPE: c.CPE, PURL: c.PURL})
		inv.addComponents(c.Components, depth+1)
	}
}

func readCycloneDXML(inv *Inventory, file []byte) error {
	var bom struct {
		Components []component `xml:"components>component"`
	}
	if err := xml.Unmarshal(file, &bom); err != nil {
		return err
	}
	inv.addComponents(bom.Components, 0)
	return nil
}

func readSPDX(inv *Inventory, file []byte) error {
	var doc struct {
		Packages []struct {
			Name     string `json:"name"`
			Version  string `json:"versionInfo"`
			Supplier string `json:"supplier"`
			Refs     []struct {
				Type    string `json:"referenceType"`
				Locator string `json:"referenceLocator"`
			} `json:"externalRefs"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(file, &doc); err != nil {
		return err
	}
	for _, p := range doc.Packages {
		if p.Name == "" || inv.full() {
			inv.skip("no-name")
			continue
		}
		t := Technology{Name: p.Name, Version: p.Version}
		if _, vendor, ok := strings.Cut(p.Supplier, ": "); ok {
			t.Vendor = vendor
		}
		for _, r := range p.Refs {
			switch r.Type {
			case "purl":
				t.PURL = r.Locator
			case "cpe23Type", "cpe22Type":
				t.CPE = r.Locator
			}
		}
		inv.Technologies = append(inv.Technologies, t)
	}
	return nil
}

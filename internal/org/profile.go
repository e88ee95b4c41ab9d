package org

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
)

// Profile is the organisation as a person writes it down. Every field may be
// left out; what is not said is unknown, not "no".
type Profile struct {
	Name      string   `yaml:"name" json:"name"`
	Sectors   []string `yaml:"sectors" json:"sectors"`
	Countries []string `yaml:"countries" json:"countries"` // ISO 3166-1 alpha-2

	// Domains are names the organisation owns; names below them are its own too.
	Domains []string `yaml:"domains" json:"domains"`
	// Networks are its address ranges, private and public.
	Networks     []Network    `yaml:"networks" json:"networks"`
	Assets       []Asset      `yaml:"assets" json:"assets"`
	Technologies []Technology `yaml:"technologies" json:"technologies"`
	People       []Person     `yaml:"people" json:"people"`
	Brands       []Brand      `yaml:"brands" json:"brands"`
	Suppliers    []Supplier   `yaml:"suppliers" json:"suppliers"`
	// NeverBlock are addresses, ranges, domains and URLs no block may touch.
	NeverBlock []string `yaml:"never_block" json:"never_block"`
	// Money is what the bands of criticality cost; not given, nothing is said in money.
	Money Money `yaml:"money" json:"money,omitzero"`
	// Placeholders are what rules leave to the organisation (Sigma's %name%): its
	// domain controllers, administrators' workstations, countries ...
	Placeholders map[string][]string `yaml:"placeholders" json:"placeholders,omitempty"`
}

// Criticality is how much the loss of an asset would hurt.
type Criticality string

// The bands and their weight in the expected loss: 1, 3, 10, 30 and 100.
const (
	Negligible Criticality = "negligible" // lab, spare
	Low        Criticality = "low"
	Normal     Criticality = "normal" // the default
	High       Criticality = "high"
	Crown      Criticality = "crown-jewel"
)

// Weight is the band's factor.
func (c Criticality) Weight() float64 {
	switch c {
	case Negligible:
		return 1
	case Low:
		return 3
	case High:
		return 30
	case Crown:
		return 100
	}
	return 10
}

// Network is an address range with what holds for the hosts in it.
type Network struct {
	Name        string      `yaml:"name" json:"name"`
	Ranges      []string    `yaml:"ranges" json:"ranges"`
	Criticality Criticality `yaml:"criticality" json:"criticality"`
	Exposed     bool        `yaml:"exposed" json:"exposed"` // reachable from the internet
	Shared      bool        `yaml:"shared" json:"shared"`   // gateways, resolvers, proxies: many stand behind one address
	Owner       string      `yaml:"owner" json:"owner"`
	// Dynamic networks hold hosts that need no name, or whose addresses change hands:
	// unknown ones are not asked about.
	Dynamic bool `yaml:"dynamic" json:"dynamic,omitempty"`
}

// Asset is a host, service, application or cloud account.
type Asset struct {
	ID          string      `yaml:"id" json:"id"`
	Name        string      `yaml:"name" json:"name"`
	Hostnames   []string    `yaml:"hostnames" json:"hostnames"`
	Addresses   []string    `yaml:"addresses" json:"addresses"`
	Criticality Criticality `yaml:"criticality" json:"criticality"`
	Exposed     bool        `yaml:"exposed" json:"exposed"`
	Shared      bool        `yaml:"shared" json:"shared"`
	// Watched assets are looked at by a person: what touches one is never below P2.
	Watched      bool      `yaml:"watched" json:"watched,omitempty"`
	Owner        string    `yaml:"owner" json:"owner"`
	Services     []string  `yaml:"services" json:"services"` // what the business loses without it
	Technologies []string  `yaml:"technologies" json:"technologies"`
	Data         DataClass `yaml:"data" json:"data"`
}

// DataClass is the most sensitive data an asset holds. It carries the stake for
// the reputation.
type DataClass string

// The classes and their reputation factor: 1, 1.5, 2 and 3.
const (
	NoData       DataClass = ""
	InternalData DataClass = "internal"
	CustomerData DataClass = "customer"  // customer-facing or customers' data
	Regulated    DataClass = "regulated" // personal data under regulation, secrets of third parties
)

// Reputation is the factor of the class with its sentence.
func (d DataClass) Reputation() (float64, string) {
	switch d {
	case InternalData:
		return 1.5, "internal data"
	case CustomerData:
		return 2, "customers' data"
	case Regulated:
		return 3, "regulated data"
	}
	return 1, ""
}

// Technology is a product in use.
type Technology struct {
	Name    string `yaml:"name" json:"name"`
	Vendor  string `yaml:"vendor" json:"vendor"`
	Version string `yaml:"version" json:"version"`
	CPE     string `yaml:"cpe" json:"cpe"`
	PURL    string `yaml:"purl" json:"purl,omitempty"`
}

// Person is somebody whose accounts and addresses are worth knowing.
type Person struct {
	Name       string   `yaml:"name" json:"name"`
	Role       string   `yaml:"role" json:"role"`
	Accounts   []string `yaml:"accounts" json:"accounts"`
	Emails     []string `yaml:"emails" json:"emails"`
	Privileged bool     `yaml:"privileged" json:"privileged"` // administrator somewhere
	VIP        bool     `yaml:"vip" json:"vip"`               // a target because of the role
	// PasswordChanged is when the password was last changed: what was stolen before it is
	// worth less. Zero = not known.
	PasswordChanged time.Time `yaml:"password_changed,omitempty" json:"password_changed,omitzero"`
}

// Brand is a name that others may imitate.
type Brand struct {
	Name    string   `yaml:"name" json:"name"`
	Domains []string `yaml:"domains" json:"domains"`
}

// Supplier is a company the organisation depends on.
type Supplier struct {
	Name        string      `yaml:"name" json:"name"`
	Domains     []string    `yaml:"domains" json:"domains"`
	Criticality Criticality `yaml:"criticality" json:"criticality"`
}

// Parse reads a profile file (YAML) strictly: an unknown key, a wrong band or an
// address that is none is an errs.Invalid that names its line or entry, all of
// them at once.
func Parse(file []byte) (Profile, error) {
	var p Profile
	dec := yaml.NewDecoder(bytes.NewReader(file))
	dec.KnownFields(true)
	if err := dec.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return p, errs.New(errs.Invalid, "profile_invalid", "The profile cannot be read: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if problems := p.problems(); len(problems) > 0 {
		return p, errs.New(errs.Invalid, "profile_invalid", "The profile has %d problem(s): %s.", len(problems), strings.Join(problems, "; "))
	}
	return p, nil
}

func (p Profile) problems() []string {
	var out []string
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	band := func(where string, c Criticality) {
		switch c {
		case "", Negligible, Low, Normal, High, Crown:
		default:
			bad("%s: criticality %q is not one of negligible, low, normal, high, crown-jewel", where, c)
		}
	}
	for _, n := range p.Networks {
		band("network "+n.Name, n.Criticality)
		for _, r := range n.Ranges {
			if _, err := prefix(r); err != nil {
				bad("network %s: %q is no address range", n.Name, r)
			}
		}
	}
	ids := map[string]bool{}
	for i, a := range p.Assets {
		where := fmt.Sprintf("asset %d (%s)", i+1, a.Name)
		band(where, a.Criticality)
		switch a.Data {
		case NoData, InternalData, CustomerData, Regulated:
		default:
			bad("%s: data %q is not one of internal, customer, regulated", where, a.Data)
		}
		if a.ID == "" {
			bad("%s: id is missing", where)
		} else if ids[a.ID] {
			bad("%s: the id %q is used twice", where, a.ID)
		}
		ids[a.ID] = true
		for _, addr := range a.Addresses {
			if _, err := prefix(addr); err != nil {
				bad("%s: %q is no address", where, addr)
			}
		}
	}
	for _, s := range p.Suppliers {
		band("supplier "+s.Name, s.Criticality)
	}
	out = append(out, p.Money.problems()...)
	for _, v := range p.NeverBlock {
		if _, _, err := indicator.Detect(v); err != nil {
			bad("never_block: %q is neither address, domain nor URL", v)
		}
	}
	return out
}

// prefix reads an address or a range.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

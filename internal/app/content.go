package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/ref"
)

// catalogued is a feed as content/feeds.yaml writes it.
type catalogued struct {
	ID, Name, URL, Kind string
	Columns             map[string]string
	Delimiter           string
	Type                indicator.Type
	Names, Tags         []string
	MinLevel            int `yaml:"min_level"`
	Interval            time.Duration
	Snapshot            bool
	TLP                 string
	Confidence          int
	Reliability         string
	Category            string
	GoodFor             string `yaml:"good_for"`
	Licence, Homepage   string
	NeedsKey            bool `yaml:"needs_key"`
}

// Catalogue returns the well-known feeds, all off.
func Catalogue() ([]collect.Feed, error) {
	var list []catalogued
	dec := yaml.NewDecoder(bytes.NewReader(content.Feeds()))
	dec.KnownFields(true)
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("read the feed catalogue: %w", err)
	}
	feeds := make([]collect.Feed, len(list))
	for i, c := range list {
		feeds[i] = collect.Feed{
			ID: c.ID, Name: c.Name, URL: c.URL, Kind: c.Kind, Interval: c.Interval, Snapshot: c.Snapshot, Reliability: c.Reliability,
			Licence: c.Licence, Homepage: c.Homepage, GoodFor: c.GoodFor, Category: c.Category, NeedsKey: c.NeedsKey,
			Options: collect.Options{
				Columns: c.Columns, Delimiter: c.Delimiter, Type: c.Type, Names: c.Names, Tags: c.Tags, MinLevel: c.MinLevel,
				Confidence: c.Confidence, TLP: indicator.ParseTLP(c.TLP),
			},
		}
	}
	return feeds, nil
}

// attackSource is the source of what the embedded catalogue says.
const attackSource = "mitre-attack"

// seedAttack puts the embedded ATT&CK catalogue into the knowledge base, once for
// each of its versions.
func seedAttack(ctx context.Context, in *intel.Service, cat *attack.Catalogue) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	marker := "x-vedette-catalogue--attack-" + cat.Version() + "-targets"
	if _, err := in.Entity(ctx, marker); err == nil {
		return nil
	}
	var entities []intel.Entity
	for e := range cat.Entities() {
		entities = append(entities, intel.Entity{
			ID: e.STIX, Type: e.Type, Name: e.Name, Aliases: e.Aliases, AttackID: string(e.AttackID), Source: attackSource,
			URL: e.URL(), Revoked: e.Revoked || e.Deprecated, Sectors: e.Sectors, Victims: e.Places,
		})
	}
	var relations []intel.Relation
	for r := range cat.Relations() {
		relations = append(relations, intel.Relation{
			From: ref.Ref{Kind: ref.Entity, ID: r.From}, Type: r.Type, To: ref.Ref{Kind: ref.Entity, ID: r.To}, Source: attackSource,
		})
	}
	for part := range slices.Chunk(entities, seedPart) {
		if _, err := in.Know(ctx, part, nil); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(relations, seedPart) {
		if _, err := in.Know(ctx, nil, part); err != nil {
			return err
		}
	}
	// The marker comes last: a seeding that was interrupted is done again.
	if _, err := in.Know(ctx, []intel.Entity{{ID: marker, Type: "x-vedette-catalogue", Name: "ATT&CK " + cat.Version(), Source: attackSource}}, nil); err != nil {
		return err
	}
	debug.FreeOSMemory() // what this took is not needed again
	return nil
}

// seedPart is how much is written at once, to bound the memory it takes.
const seedPart = 2000

// techniqueName tells the name and tactics of an ATT&CK technique.
func techniqueName(cat *attack.Catalogue) investigate.TechniqueName {
	return func(s string) (string, []string, bool) {
		id, err := attack.ParseID(s)
		if err != nil {
			return "", nil, false
		}
		e, ok := cat.Entity(id)
		if !ok {
			return "", nil, false
		}
		name := e.Name
		if parent := id.Parent(); parent != id {
			if p, ok := cat.Entity(parent); ok {
				name = p.Name + ": " + name
			}
		}
		return name, e.Tactics, true
	}
}

// ownPack is the pack of the rules that ship with the product.
const ownPack = "vedette"

// seedRules brings the shipped rules in, at the first start and whenever they
// changed. What somebody switched stays switched.
func seedRules(ctx context.Context, d *detect.Service) error {
	texts, err := content.Rules()
	if err != nil {
		return err
	}
	sum := sha256.New()
	var files []detect.File
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		files = append(files, detect.File{Name: name, Data: texts[name]})
		fmt.Fprintf(sum, "%s %d\n", name, len(texts[name]))
		sum.Write(texts[name])
	}
	version := hex.EncodeToString(sum.Sum(nil))[:12]
	ctx = asSystem(ctx)
	packs, err := d.Packs(ctx)
	if err != nil {
		return err
	}
	for _, p := range packs {
		if p.Name == ownPack && p.Version == version {
			return nil
		}
	}
	report, err := d.Import(ctx, detect.Pack{Name: ownPack, Version: version, License: "Apache-2.0", Origin: "shipped with the product"}, files, false)
	if err == nil && len(report.Refused) > 0 {
		err = fmt.Errorf("the shipped rule %s cannot be read: %s", report.Refused[0].Rule, report.Refused[0].Why)
	}
	return err
}

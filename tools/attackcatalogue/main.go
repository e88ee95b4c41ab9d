// Command attackcatalogue makes the embedded catalogue of ATT&CK from MITRE's STIX
// bundles: ids, names, aliases, tactics, relations, and whom the prose says groups and
// campaigns target; no prose. Run it from the
// root of the repository when a new version of ATT&CK is out:
//
//	go run ./tools/attackcatalogue -version 18.1 -out content/attack/catalogue.json.gz \
//		enterprise-attack-18.1.json.gz mobile-attack-18.1.json.gz ics-attack-18.1.json.gz
//
// The same input gives the same output.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/landscape"
)

func main() {
	version := flag.String("version", "", "version of ATT&CK, e.g. 18.1")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	if *version == "" || *out == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*version, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "attackcatalogue:", err)
		os.Exit(1)
	}
}

func run(version, out string, bundles []string) error {
	reader, err := targetReader()
	if err != nil {
		return err
	}
	m := newMerger(reader)
	for _, name := range bundles {
		if err := readBundle(m, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	entities, relations := m.result()
	var b bytes.Buffer
	if err := attack.Encode(&b, version, entities, relations); err != nil {
		return err
	}
	fmt.Printf("%d entities, %d relations, %d bytes; left out: %v\n", len(entities), len(relations), b.Len(), m.left)
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// targetReader knows the countries of the dictionary of names.
func targetReader() (*landscape.Reader, error) {
	names, err := extract.DecodeNames(content.ExtractNames())
	if err != nil {
		return nil, err
	}
	var countries []landscape.Place
	for e := range names.Of(extract.Country) {
		countries = append(countries, landscape.Place{Code: e.ID, Name: e.Name, Names: e.Aliases})
	}
	return landscape.NewReader(countries), nil
}

func readBundle(m *merger, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	return m.read(r)
}

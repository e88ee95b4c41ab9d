// Command namelist makes the embedded dictionary of names, from the clusters of
// MISP galaxy and the embedded catalogue of ATT&CK: who is called what, no prose.
// Run it from the root of the repository:
//
//	go run ./tools/namelist -out content/extract/names.json.gz -galaxy misp-galaxy/clusters \
//		-prose "$(go env GOROOT)/src" -reports documents.jsonl.gz
//
// What is written in lower case in prose, or in many reports, is an ordinary word,
// which a name must be told from. The same input gives the same output.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/vedette-soc/vedette/extract"
)

func main() {
	out := flag.String("out", "", "file to write")
	galaxy := flag.String("galaxy", "", "directory of MISP galaxy clusters")
	prose := flag.String("prose", "", "directory of Go files, whose comments are ordinary English")
	reports := flag.String("reports", "", "reports, JSON lines with a text")
	flag.Parse()
	if *out == "" || *galaxy == "" || *prose == "" || *reports == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *galaxy, *prose, *reports); err != nil {
		fmt.Fprintln(os.Stderr, "namelist:", err)
		os.Exit(1)
	}
}

const about = "Names, synonyms and countries of MISP galaxy (CC0-1.0 or BSD-2-Clause) and MITRE ATT&CK. " +
	"(c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."

func run(out, galaxy, prose, reports string) error {
	entities, err := merged(galaxy)
	if err != nil {
		return err
	}
	known := map[string]bool{} // what ATT&CK knows is a name even where reports have it in lower case
	for _, e := range entities {
		if e.ID != "" {
			known[strings.ToLower(e.Name)] = true
		}
	}
	words, err := ordinaryWords(prose, reports, known)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := extract.EncodeNames(&b, entities, words, about); err != nil {
		return err
	}
	n, err := extract.DecodeNames(bytes.NewReader(b.Bytes()))
	if err != nil {
		return err
	}
	fmt.Printf("%d entities, %d ordinary words, %d bytes\n", n.Len(), len(words), b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}

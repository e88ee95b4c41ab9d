// Command techniquemodel trains the technique model that ships with the product,
// from sentences and reports that MITRE's TRAM project labelled, and says by
// cross-validation over whole documents how good it is. Run it from the root of
// the repository:
//
//	go run ./tools/techniquemodel -out content/extract/techniques.json.gz \
//		-documents documents.jsonl.gz -sentences single_label.json.gz -procedures bootstrap-training-data.json.gz
//
// The same input gives the same output.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
)

func main() {
	out := flag.String("out", "", "file to write; none: only measure")
	documents := flag.String("documents", "", "labelled reports, JSON lines")
	sentences := flag.String("sentences", "", "labelled sentences of reports")
	procedures := flag.String("procedures", "", "labelled procedure examples")
	folds := flag.Int("folds", 5, "parts of the cross-validation")
	held := flag.Int("hold", 5, "one in so many reports is left out of the model, to measure the command on; 0: none")
	flag.Parse()
	if *documents == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *documents, *sentences, *procedures, *folds, *held); err != nil {
		fmt.Fprintln(os.Stderr, "techniquemodel:", err)
		os.Exit(1)
	}
}

const about = "Weights trained on the annotations of TRAM, (c) The MITRE Corporation, Center for Threat-Informed Defense, Apache License 2.0."

func run(out, documents, sentences, procedures string, folds, held int) error {
	catalogue, err := content.Attack()
	if err != nil {
		return err
	}
	c, err := readCorpus(extract.NewTechniques(catalogue), documents, sentences, procedures)
	if err != nil {
		return err
	}
	fmt.Printf("%d documents in %d groups, %d labels, %d sentences\n", len(c.docs), c.groups, len(c.labels), len(c.examples))
	model, err := crossValidate(c, folds)
	if err != nil || out == "" {
		return err
	}
	t := finalModel(c, model, held)
	var b bytes.Buffer
	if err := extract.EncodeModel(&b, t, about); err != nil {
		return err
	}
	fmt.Printf("%d bytes\n", b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}

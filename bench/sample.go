package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/fetch"
)

// sample is records of one kind.
type sample struct {
	name     string
	category string // of rules that the other engines are given; "" = all
	records  [][]byte
}

// every is how many records there are to one of the mixture.
const every = 25

// readSamples reads process creations, and a mixture of all events.
func readSamples(paths []string, most int) ([]sample, error) {
	mixed, proc := sample{name: "mixed"}, sample{name: "process creations", category: "process_creation"}
	full, n := errors.New("enough"), 0
	for _, path := range paths {
		err := fetch.Walk(path, fetch.Limits{}, func(_ string, in io.Reader) error {
			lines := bufio.NewScanner(in)
			lines.Buffer(nil, 16<<20)
			for lines.Scan() {
				r := bytes.TrimSpace(lines.Bytes())
				if len(r) == 0 || r[0] != '{' {
					continue
				}
				if n++; n%every == 0 && len(mixed.records) < most {
					mixed.records = append(mixed.records, bytes.Clone(r))
				}
				if len(proc.records) < most && isProcessCreation(string(r)) {
					proc.records = append(proc.records, bytes.Clone(r))
				}
				if len(mixed.records) == most && len(proc.records) == most {
					return full
				}
			}
			return lines.Err()
		})
		if errors.Is(err, full) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(mixed.records) == 0 {
		return nil, errors.New("there are no events, one JSON object a line")
	}
	return slices.DeleteFunc([]sample{mixed, proc}, func(s sample) bool { return len(s.records) == 0 }), nil
}

// isProcessCreation knows Sysmon's event 1 and the Security log's 4688.
func isProcessCreation(r string) bool {
	return strings.Contains(r, `"EventID":4688`) && strings.Contains(r, `"NewProcessName"`) || strings.Contains(r, `"EventID":1`) && strings.Contains(r, `"ParentImage"`)
}

// unpackRules writes every rule of path into dir and returns the texts by file.
func unpackRules(path, dir string) (map[string][]byte, error) {
	texts := map[string][]byte{}
	err := fetch.Walk(path, fetch.Limits{}, func(name string, in io.Reader) error {
		if !strings.HasSuffix(name, ".yml") && !strings.HasSuffix(name, ".yml.gz") {
			return nil
		}
		b, err := io.ReadAll(io.LimitReader(in, 1<<20))
		if err != nil {
			return err
		}
		file := strings.NewReplacer("/", "_", "\\", "_", ":", "_").Replace(strings.TrimSuffix(name, ".gz"))
		if len(file) > 200 {
			file = file[len(file)-200:]
		}
		texts[file] = b
		return os.WriteFile(filepath.Join(dir, file), b, 0o600)
	})
	if err == nil && len(texts) == 0 {
		err = errors.New("there are no rules in " + path)
	}
	return texts, err
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/sigma"
)

// maxSelection is the longest exception, in bytes.
const maxSelection = 16 << 10

// decodeSelection reads field: value pairs.
func decodeSelection(text string, into *map[string]any) error {
	if len(text) > maxSelection {
		return errors.New("it is longer than 16 KiB")
	}
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		return err
	}
	if len(*into) == 0 {
		return errors.New("it is empty: it would let everything pass")
	}
	return nil
}

func encodeRule(doc map[string]any) ([]byte, error) { return yaml.Marshal(doc) }

func logSourceOf(l sigma.LogSource) map[string]string {
	out := map[string]string{}
	for k, v := range map[string]string{"product": l.Product, "category": l.Category, "service": l.Service} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// jsonLines writes the mappings of a list as one JSON object a line.
func jsonLines(list *yaml.Node) (string, error) {
	var out strings.Builder
	for _, n := range list.Content {
		var v map[string]any
		if err := n.Decode(&v); err != nil {
			return "", fmt.Errorf("line %d: an event is a mapping of fields", n.Line)
		}
		line, err := json.Marshal(v)
		if err != nil {
			return "", fmt.Errorf("line %d: %w", n.Line, err)
		}
		out.Write(append(line, '\n'))
	}
	return out.String(), nil
}

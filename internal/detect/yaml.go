package detect

import (
	"errors"

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

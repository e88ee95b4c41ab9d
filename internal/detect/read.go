package detect

import (
	"io"
	"path"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/sigma"
)

// ReadFiles takes the rule files (.yml, .yaml) out of an archive; anything else is
// taken as one rule file.
func ReadFiles(name string, body io.Reader) ([]File, error) {
	var files []File
	err := fetch.WalkReader(name, body, fetch.Limits{Bytes: 512 << 20, Members: 100_000}, func(member string, r io.Reader) error {
		inner := strings.TrimPrefix(strings.TrimPrefix(member, name), "/")
		switch strings.ToLower(path.Ext(inner)) {
		case ".yml", ".yaml":
		default:
			if inner != "" {
				return nil
			}
			inner = name + ".yml"
		}
		data, err := io.ReadAll(io.LimitReader(r, sigma.MaxFile+1))
		if err != nil {
			return err
		}
		if len(data) > sigma.MaxFile {
			return errs.New(errs.Invalid, "file_too_large", "%s has more than %d bytes; a rule file does not.", member, sigma.MaxFile)
		}
		files = append(files, File{Name: inner, Data: data})
		return nil
	})
	return files, err
}

package collect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Document reads the one JSON document that a file of a kind is into v; kind names it
// in errors: "taxonomy". most bounds its size in bytes. ok is false, with a nil error,
// when the file is empty.
func (in Input) Document(kind string, most int64, v any) (ok bool, err error) {
	limit := min(cmp.Or(in.MaxBytes, most), most)
	raw, err := io.ReadAll(io.LimitReader(in.Reader, limit+1))
	if err != nil {
		return false, errs.New(errs.Unavailable, "read_broken_off", "%s: reading broke off; get it again.", in.Name).Because(err)
	}
	if int64(len(raw)) > limit {
		return false, errs.New(errs.Invalid, "too_large", "%s has more than %d bytes, the limit for a %s.", in.Name, limit, kind)
	}
	if LooksLikeHTML(raw[:min(len(raw), 512)]) {
		return false, errs.New(errs.Invalid, "web_page", "%s, line 1: this looks like a web page, not a %s; check the address.", in.Name, kind)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), v); err != nil {
		at := len(raw)
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(min(max(s.Offset, 0), int64(len(raw))))
		}
		return false, errs.New(errs.Invalid, "bad_json", "%s, line %d: this is no %s: %v; get the file again.", in.Name, 1+bytes.Count(raw[:at], []byte("\n")), kind, err)
	}
	return true, nil
}

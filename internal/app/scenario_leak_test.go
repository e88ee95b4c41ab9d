package app_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// daysAgo stands in a leaked file for a date: {-12d}.
var daysAgo = regexp.MustCompile(`\{-(\d+)d\}`)

// leak plays the steps about stolen credentials; ok is false for other steps.
func (s *scene) leak(line, verb, what, more string) (ok bool) {
	switch verb {
	case "leak":
		var b bytes.Buffer
		tw := tar.NewWriter(&b)
		for name, file := range s.files {
			if name != what && !strings.HasPrefix(name, what+"/") {
				continue
			}
			file = daysAgo.ReplaceAllFunc(file, func(m []byte) []byte {
				n, _ := strconv.Atoi(string(daysAgo.FindSubmatch(m)[1]))
				return s.now.AddDate(0, 0, -n).AppendFormat(nil, time.DateTime)
			})
			if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(file))}); err != nil {
				s.t.Fatal(err)
			}
			if _, err := tw.Write(file); err != nil {
				s.t.Fatal(err)
			}
		}
		if err := tw.Close(); err != nil {
			s.t.Fatal(err)
		}
		var r leak.Report
		if err := s.h.Call(s.t.Context(), "POST", "/leaks/import?name="+what+".tar", &b, &r); err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		dropped := 0
		for _, n := range r.Dropped {
			dropped += n
		}
		if got := fmt.Sprintf("%d new, %d known, %d dropped", r.Stored, r.Known, dropped); got != more {
			s.t.Errorf("%s: %s", line, got)
		}
	case "erase":
		ask[api.Erased](s.t, s.h, "POST", "/leaks/erase", api.EraseBody{Account: what, Reason: more})
	case "leaked":
		list := ask[api.Page[pipeline.LeakedAccount]](s.t, s.h, "GET", "/leaks", nil).Items
		var got []string
		for _, a := range list {
			got = append(got, fmt.Sprintf("%s (%s): %d", a.Account, a.Person, a.Alerts))
		}
		if text := strings.Join(got, ", "); text != strings.TrimPrefix(line, "leaked ") {
			s.t.Errorf("%s: %s", line, text)
		}
	default:
		return false
	}
	return true
}

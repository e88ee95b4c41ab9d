package web

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/ref"
)

// orgPage is the organisation to protect, as its profile says.
type orgPage struct {
	Profile org.Profile
	Saved   org.Saved
	File    string // as in the form
	Problem string
	Added   *org.Completion // what an inventory would add: File holds it, not saved yet
	CanAct  bool
	// Strangers are hosts of ours that no asset names, of AllStrangers the busiest.
	Strangers    []org.Stranger
	AllStrangers int
	Answered     []org.Stranger    // somebody said what they are
	Ranges       map[string]string // by address, the range it is likely in
	Leaked       map[string]int    // by name of a person, how many leaks are known; for administrators
	Infected     map[string]int    // by name of an asset, how many stealer logs name it; as Leaked
	MayLeaks     bool              // the page of leaked accounts is for who looks
}

func (orgPage) template() string { return "org" }
func (orgPage) title() string    { return "Organisation" }

// maxProfile bounds a profile that is uploaded.
const maxProfile = 8 << 20

func (s *server) showOrg(_ http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	p, err := s.orgPage(r, v)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *server) orgPage(r *http.Request, v visitor) (orgPage, error) {
	p := orgPage{CanAct: mayAct(v)}
	var err error
	if p.Saved, err = s.cfg.Org.Saved(r.Context()); err != nil {
		return p, err
	}
	p.File = string(p.Saved.File)
	if x := s.cfg.Org.Index(); x != nil {
		p.Profile = x.Profile
		if s.cfg.Strangers != nil {
			p.Strangers, p.AllStrangers, _ = s.cfg.Strangers.List(x, strangersShown)
			p.Answered = s.cfg.Strangers.Answered(x)
			p.Ranges = rangesOf(p.Strangers)
		}
		if p.MayLeaks = v.may(ref.Admin); p.MayLeaks {
			if p.Leaked, p.Infected, err = s.cfg.Leaks.Profile(r.Context()); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

func (s *server) postOrg(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxProfile)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return nil, errs.New(errs.Invalid, "upload_broken", "The profile could not be read; it may have at most 8 MiB.").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	body := []byte(r.PostFormValue("yaml"))
	if file, header, err := r.FormFile("file"); err == nil && header.Size > 0 {
		defer func() { _ = file.Close() }()
		if !slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(header.Filename))) {
			return s.previewInventory(r, v, header.Filename, file)
		}
		if body, err = io.ReadAll(file); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(string(body)) == "" {
		return nil, errs.New(errs.Invalid, "profile_empty", "Choose a file, or write the profile into the form.")
	}
	if _, err := s.cfg.Org.Import(r.Context(), body); err != nil {
		p, pageErr := s.orgPage(r, v)
		if pageErr != nil || errs.KindOf(err) == errs.Internal {
			return nil, err
		}
		p.Problem, p.File = errs.Public(err), string(body)
		return p, err
	}
	return see(w, r, "/organisation")
}

// previewInventory shows the profile as an inventory would complete it, to be looked
// over and saved.
func (s *server) previewInventory(r *http.Request, v visitor, name string, file io.Reader) (page, error) {
	p, err := s.orgPage(r, v)
	if err != nil {
		return nil, err
	}
	inv, err := org.ReadInventory(name, file)
	if err != nil {
		p.Problem = errs.Public(err)
		return p, err
	}
	added, err := s.cfg.Org.Complete(r.Context(), name, inv, true)
	if err != nil {
		return nil, err
	}
	p.Added, p.File = &added, string(added.File)
	return p, nil
}

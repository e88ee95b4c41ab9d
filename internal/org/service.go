package org

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// maxFile is the largest profile file accepted, in bytes.
const maxFile = 16 << 20

// Service keeps the current profile. Safe for concurrent use.
type Service struct {
	store   Store
	current atomic.Pointer[edition]
}

// edition is a version of the profile, ready to be asked.
type edition struct {
	*Index
	version int
}

// New returns a Service; call Load before asking it anything.
func New(store Store) *Service {
	s := &Service{store: store}
	s.current.Store(&edition{Index: Compile(Profile{})})
	return s
}

// Load reads the newest profile from the store.
func (s *Service) Load(ctx context.Context) error {
	saved, err := s.store.Current(ctx)
	if err != nil || saved.Version == s.current.Load().version {
		return err
	}
	x, err := compile(saved)
	if err != nil {
		return err
	}
	s.current.Store(&edition{x, saved.Version})
	return nil
}

func compile(saved Saved) (*Index, error) {
	if saved.Version == 0 {
		return Compile(Profile{}), nil
	}
	p, err := Parse(saved.File)
	if err != nil {
		return nil, fmt.Errorf("read version %d of the profile: %w", saved.Version, err)
	}
	return Compile(p), nil
}

// Index returns the current profile, ready to be asked.
func (s *Service) Index() *Index { return s.current.Load().Index }

// Edition returns the current profile and which version it is.
func (s *Service) Edition() (*Index, int) {
	e := s.current.Load()
	return e.Index, e.version
}

// At returns an earlier profile as it was; an empty one when there is no such version.
func (s *Service) At(ctx context.Context, version int) (*Index, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	saved, err := s.store.Version(ctx, version)
	if err != nil {
		return nil, err
	}
	return compile(saved)
}

// Saved returns the current profile as it was imported.
func (s *Service) Saved(ctx context.Context) (Saved, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Saved{}, err
	}
	return s.store.Current(ctx)
}

// Complete adds an inventory to the current profile and says what it adds; with dry,
// it only says so. The new profile is a version like any other.
func (s *Service) Complete(ctx context.Context, name string, inv Inventory, dry bool) (Completion, error) {
	_, c, err := s.amend(ctx, name, dry, func(p *Profile) (Completion, error) { return p.complete(inv), nil })
	return c, err
}

// Answer puts an answer to a step of the set-up into the current profile and says what
// it adds, and what the profile is with it; with dry, it only says so.
func (s *Service) Answer(ctx context.Context, step Step, a Answer, dry bool) (*Index, Completion, error) {
	return s.amend(ctx, "the answer to "+string(step), dry, func(p *Profile) (Completion, error) { return p.answer(step, a) })
}

// Place adds a range to a network of the profile, which it makes when there is none of
// that name; with dynamic, unknown hosts of the network are not asked about.
func (s *Service) Place(ctx context.Context, network, ranges string, dynamic bool) error {
	_, _, err := s.amend(ctx, "the network "+network, false, func(p *Profile) (Completion, error) {
		network = strings.TrimSpace(network)
		i := slices.IndexFunc(p.Networks, func(n Network) bool { return strings.EqualFold(n.Name, network) })
		switch {
		case network == "" || len(network) > 200:
			return Completion{}, errs.New(errs.Invalid, "network_unnamed", "Say which network it is: a name of 1 to 200 characters.")
		case i < 0 && ranges == "":
			return Completion{}, errs.New(errs.NotFound, "network_unknown", "The profile has no network %q.", network)
		case i < 0:
			i, p.Networks = len(p.Networks), append(p.Networks, Network{Name: network})
		}
		n := &p.Networks[i]
		if ranges != "" {
			r, err := prefix(ranges)
			if err != nil {
				return Completion{}, errs.New(errs.Invalid, "range_invalid", "%q is no address range such as 10.1.2.0/24.", ranges)
			}
			if !slices.Contains(n.Ranges, r.String()) {
				n.Ranges = append(n.Ranges, r.String())
			}
		}
		n.Dynamic = n.Dynamic || dynamic
		return Completion{}, nil
	})
	return err
}

// amend changes the current profile. What was not changed stays as it was written.
func (s *Service) amend(ctx context.Context, what string, dry bool, change func(*Profile) (Completion, error)) (*Index, Completion, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return nil, Completion{}, err
	}
	saved, err := s.store.Current(ctx)
	if err != nil {
		return nil, Completion{}, err
	}
	was, err := Parse(saved.File)
	if err != nil {
		return nil, Completion{}, err
	}
	is, err := Parse(saved.File) // a second one: lists are changed in place
	if err != nil {
		return nil, Completion{}, err
	}
	c, err := change(&is)
	c.File = saved.File
	if err != nil {
		return nil, c, err
	}
	if reflect.DeepEqual(was, is) {
		return Compile(is), c, nil
	}
	if c.File, err = rewrite(saved.File, was, is); err != nil {
		return nil, c, fmt.Errorf("write the profile with %s: %w", what, err)
	}
	if is, err = Parse(c.File); err != nil || dry {
		return Compile(is), c, err
	}
	_, err = s.Import(ctx, c.File)
	return s.Index(), c, err
}

// Import makes file the current profile.
func (s *Service) Import(ctx context.Context, file []byte) (Saved, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Saved{}, err
	}
	if len(file) > maxFile {
		return Saved{}, errs.New(errs.Invalid, "profile_too_large", "A profile file has at most 16 MiB; this one has %d bytes.", len(file))
	}
	p, err := Parse(file)
	if err != nil {
		return Saved{}, err
	}
	saved, err := s.store.Save(ctx, file, ref.Act{
		Actor: ref.ActorFrom(ctx), Verb: "org.import", Target: ref.Ref{Kind: ref.Profile, ID: "current"},
		Detail: map[string]any{"name": p.Name, "assets": len(p.Assets), "people": len(p.People)},
	})
	if err != nil {
		return Saved{}, err
	}
	s.current.Store(&edition{Compile(p), saved.Version})
	return saved, nil
}

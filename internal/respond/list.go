package respond

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Rendered is an external dynamic list as a device gets it: one entry a line.
type Rendered struct {
	Body    []byte
	ETag    string
	Entries int
	Cut     int // entries left out for want of capacity, newest blocks kept
	Serial  int64
}

// AddList makes a list for a device and returns the secret of its token, once.
func (s *Service) AddList(ctx context.Context, name, kind string, capacity int, secret, hash string) (List, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return List{}, err
	}
	if name == "" || len(name) > 100 || !slices.Contains([]string{"ip", "domain", "url"}, kind) || capacity < 0 || secret == "" {
		return List{}, errs.New(errs.Invalid, "list_invalid", "A list needs a name of at most 100 characters and a kind: ip, domain or url.")
	}
	l := List{ID: uuid.NewString(), Name: name, Kind: kind, TokenHash: hash, Capacity: capacity, Created: s.now().UTC(), Serial: 1}
	return l, s.store.SaveList(ctx, l, ref.Act{
		Actor: ref.ActorFrom(ctx), Verb: "respond.add-list", Target: ref.Ref{Kind: ref.List, ID: l.ID},
		Detail: map[string]any{"name": name, "kind": kind, "capacity": capacity},
	})
}

// RotateList gives a list a new token; the one before stays good until the next
// rotation, because a device that is refused stops enforcing its list.
func (s *Service) RotateList(ctx context.Context, id, hash string) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	l, err := s.list(ctx, id)
	if err != nil {
		return err
	}
	l.OldHash, l.TokenHash = l.TokenHash, hash
	return s.store.SaveList(ctx, l, ref.Act{Actor: ref.ActorFrom(ctx), Verb: "respond.rotate-list", Target: ref.Ref{Kind: ref.List, ID: id}})
}

// DeleteList removes a list; the device is refused from then on.
func (s *Service) DeleteList(ctx context.Context, id string) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	return s.store.DeleteList(ctx, id, ref.Act{Actor: ref.ActorFrom(ctx), Verb: "respond.delete-list", Target: ref.Ref{Kind: ref.List, ID: id}})
}

// Lists returns all lists.
func (s *Service) Lists(ctx context.Context) ([]List, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Lists(ctx)
}

func (s *Service) list(ctx context.Context, id string) (List, error) {
	lists, err := s.store.Lists(ctx)
	if err != nil {
		return List{}, err
	}
	for _, l := range lists {
		if l.ID == id {
			return l, nil
		}
	}
	return List{}, errs.New(errs.NotFound, "list_unknown", "There is no list %q.", id)
}

// Render gives the device that holds token its list, and notes who took it when.
func (s *Service) Render(ctx context.Context, id, token, from string) (Rendered, error) {
	l, err := s.list(ctx, id)
	h := sha256.Sum256([]byte(token))
	hash := hex.EncodeToString(h[:])
	good := err == nil && token != "" && (equal(hash, l.TokenHash) || equal(hash, l.OldHash))
	if !good { // an unknown list and a wrong token look alike
		return Rendered{}, errs.New(errs.Denied, "list_denied", "The list or its token is not known.")
	}
	active, err := s.store.Actions(ctx, Active, "", 0)
	if err != nil {
		return Rendered{}, err
	}
	now := s.now().UTC()
	r := render(l, active, now)
	r.Serial = l.Serial
	return r, s.store.Fetched(ctx, id, now, from)
}

func equal(a, b string) bool { return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// render writes the entries of the list's kind: canonical, without an entry that
// another covers, sorted, and never empty without saying so.
func render(l List, active []Action, now time.Time) Rendered {
	var mine []Action
	for _, a := range active {
		if ListKind(a.Type) == l.Kind && now.Before(a.Expires) {
			mine = append(mine, a)
		}
	}
	var r Rendered
	if l.Capacity > 0 && len(mine) > l.Capacity {
		slices.SortFunc(mine, func(a, b Action) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Value, b.Value)) })
		r.Cut = len(mine) - l.Capacity
		mine = mine[:l.Capacity]
	}
	lines := entries(l.Kind, mine)
	r.Entries = len(lines)
	body := strings.Join(lines, "\n") + "\n"
	if len(lines) == 0 {
		body = "# empty list: no block is active\n"
	}
	r.Body = []byte(body)
	sum := sha256.Sum256(r.Body)
	r.ETag = fmt.Sprintf(`"%x"`, sum[:12])
	return r
}

func entries(kind string, actions []Action) []string {
	var values []string
	for _, a := range actions {
		v := a.Value
		if kind == "url" { // devices take URLs without a scheme
			if _, rest, ok := strings.Cut(v, "://"); ok {
				v = rest
			}
		}
		values = append(values, v)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	switch kind {
	case "ip":
		return uncoveredPrefixes(values)
	case "domain":
		return uncoveredDomains(values)
	}
	return values
}

func uncoveredPrefixes(values []string) []string {
	var ps []netip.Prefix
	for _, v := range values {
		if p, ok := prefixOf(indicator.IPv4, v); ok {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	var out []string
	var last netip.Prefix
	for _, p := range ps {
		if last.IsValid() && last.Overlaps(p) { // sorted: an overlap is a cover
			continue
		}
		last = p
		if p.IsSingleIP() {
			out = append(out, p.Addr().String())
		} else {
			out = append(out, p.String())
		}
	}
	return out
}

func uncoveredDomains(values []string) []string {
	set := map[string]bool{}
	for _, v := range values {
		set[v] = true
	}
	var out []string
	for _, v := range values {
		covered := false
		for d := range indicator.Parents(v) {
			covered = covered || d != v && set[d]
		}
		if !covered {
			out = append(out, v)
		}
	}
	return out
}

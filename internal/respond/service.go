package respond

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Limits of a block. Wider ranges and longer times are refused.
const (
	minPrefix4 = 24
	minPrefix6 = 48
	maxLife    = 90 * 24 * time.Hour
)

// Life is how long a block of a type lasts unless an analyst says otherwise: an
// address changes hands in a day, a name keeps its meaning for a week.
func Life(t indicator.Type) time.Duration {
	switch t {
	case indicator.IPv4, indicator.IPv6, indicator.IPv4Port, indicator.IPv6Port:
		return 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// ListKind says which kind of list carries a type; "" when none does.
func ListKind(t indicator.Type) string {
	switch t {
	case indicator.IPv4, indicator.IPv6:
		return "ip"
	case indicator.Domain:
		return "domain"
	case indicator.URL:
		return "url"
	}
	return ""
}

// Service blocks and serves lists. Safe for concurrent use.
type Service struct {
	store Store
	guard Guard
	past  Past
	now   func() time.Time
}

// New returns a Service.
func New(store Store, guard Guard, past Past) *Service {
	return &Service{store: store, guard: guard, past: past, now: time.Now}
}

// Preview says what blocking value would have done to what was seen, and which
// guard rails stand in the way.
func (s *Service) Preview(ctx context.Context, t indicator.Type, value string) (Preview, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Preview{}, err
	}
	p, err := s.past.Seen(ctx, t, value)
	if err != nil {
		return Preview{}, fmt.Errorf("look back for %s: %w", value, err)
	}
	p.Refused, p.Cautions = s.refusals(ctx, t, value), []Refusal{} // lists, also when empty: programs read them
	if len(p.Hosts) > 10 {
		p.Cautions = append(p.Cautions, Refusal{"blast-radius", fmt.Sprintf("%d of our hosts talked to it: more often a service in use than an attack", len(p.Hosts))})
	}
	return p, nil
}

// refusals says why value must not be on a list, in the order in which an analyst
// should read it.
func (s *Service) refusals(ctx context.Context, t indicator.Type, value string) []Refusal {
	if ListKind(t) == "" {
		return []Refusal{{"type", fmt.Sprintf("a list cannot carry the type %s", t)}}
	}
	return Rails(ctx, s.guard, t, value)
}

// Rails asks every guard rail about a value of any type.
func Rails(ctx context.Context, g Guard, t indicator.Type, value string) []Refusal {
	out := []Refusal{}
	no := func(guard, why string) {
		if why != "" {
			out = append(out, Refusal{guard, why})
		}
	}
	no("own-asset", g.OwnAsset(ctx, t, value))
	no("never-block", g.NeverBlock(ctx, t, value))
	no("private-space", private(t, value))
	no("public-suffix", suffix(t, value))
	no("too-wide", wide(t, value))
	no("warning-list", g.Warned(ctx, t, value))
	return out
}

func prefixOf(t indicator.Type, value string) (netip.Prefix, bool) {
	host, name, ok := indicator.HostOf(t, value)
	if !ok || host == indicator.Domain {
		return netip.Prefix{}, false
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(name)
	return p, err == nil
}

// special is address space that is never an attacker's: RFC 6890 and successors.
var special = func() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
		"224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}()

func private(t indicator.Type, value string) string {
	p, ok := prefixOf(t, value)
	if !ok {
		return ""
	}
	for _, s := range special {
		if s.Overlaps(p) {
			return "it lies in " + s.String() + ", which is private or reserved space"
		}
	}
	return ""
}

func suffix(t indicator.Type, value string) string {
	host, name, ok := indicator.HostOf(t, value)
	if ok && host == indicator.Domain && indicator.IsPublicSuffix(name) {
		return name + " is a public suffix: everybody registers names below it"
	}
	return ""
}

func wide(t indicator.Type, value string) string {
	p, ok := prefixOf(t, value)
	if !ok {
		return ""
	}
	least := minPrefix4
	if p.Addr().Is6() {
		least = minPrefix6
	}
	if p.Bits() < least {
		return fmt.Sprintf("the range is wider than /%d", least)
	}
	return ""
}

// Order is what an analyst asks for.
type Order struct {
	Type     indicator.Type
	Value    string
	Reason   string
	Incident string
	Life     time.Duration // 0 = Life(Type)
}

// Block blocks a value until it expires. A guard rail in the way is an
// errs.Denied that names it. What is blocked already gets the later expiry.
func (s *Service) Block(ctx context.Context, o Order) (Action, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Action{}, err
	}
	value, err := indicator.Canonical(o.Type, o.Value)
	if err != nil {
		return Action{}, errs.New(errs.Invalid, "value_invalid", "%q is not a valid %s.", o.Value, o.Type).Because(err)
	}
	life := cmp.Or(o.Life, Life(o.Type))
	if life < time.Minute || life > maxLife {
		return Action{}, errs.New(errs.Invalid, "life_invalid", "A block lasts between a minute and 90 days.")
	}
	if strings.TrimSpace(o.Reason) == "" {
		return Action{}, errs.New(errs.Invalid, "block_reason_missing", "Say why this is blocked: whoever finds the block at night needs it.")
	}
	p, err := s.Preview(ctx, o.Type, value)
	if err != nil {
		return Action{}, err
	}
	if len(p.Refused) > 0 {
		return Action{}, errs.New(errs.Denied, "block_refused", "%s must not be blocked: %s.", indicator.Defang(value), p.Refused[0].Why)
	}
	now, actor := s.now().UTC(), ref.ActorFrom(ctx)
	a := Action{
		ID: uuid.Must(uuid.NewV7()).String(), Type: o.Type, Value: value, Reason: o.Reason, Incident: o.Incident,
		By: actor.Name, Created: now, Expires: now.Add(life), State: Active, Preview: p,
	}
	active, err := s.store.Actions(ctx, Active, "", 0)
	if err != nil {
		return Action{}, err
	}
	for _, old := range active {
		if old.Type == a.Type && old.Value == a.Value {
			a.ID, a.Created = old.ID, old.Created
			if old.Expires.After(a.Expires) {
				a.Expires = old.Expires
			}
		}
	}
	return a, s.store.SaveAction(ctx, a, ref.Act{
		Actor: actor, Verb: "respond.block", Target: ref.Ref{Kind: ref.Action, ID: a.ID}, Reason: o.Reason, Time: now,
		Detail: map[string]any{"type": a.Type, "value": a.Value, "expires": a.Expires, "incident": a.Incident, "events": p.Events},
	})
}

// Undo takes a block back.
func (s *Service) Undo(ctx context.Context, id, why string) (Action, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Action{}, err
	}
	a, err := s.store.Action(ctx, id)
	if err != nil {
		return a, err
	}
	if a.State != Active {
		return a, errs.New(errs.Conflict, "action_ended", "This block has ended already (%s).", a.State)
	}
	actor := ref.ActorFrom(ctx)
	a.State, a.Ended, a.EndedBy = Undone, s.now().UTC(), actor.Name
	return a, s.store.SaveAction(ctx, a, ref.Act{
		Actor: actor, Verb: "respond.undo", Target: ref.Ref{Kind: ref.Action, ID: id}, Reason: why, Time: a.Ended,
		Detail: map[string]any{"type": a.Type, "value": a.Value},
	})
}

// Actions returns blocks by state and incident ("" = all), newest first.
func (s *Service) Actions(ctx context.Context, state ActionState, incident string, limit int) ([]Action, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Actions(ctx, state, incident, limit)
}

// Run ends blocks whose time is over, once a minute. It is a worker.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if _, err := s.store.Expire(ctx, s.now().UTC()); err != nil && ctx.Err() == nil {
			return fmt.Errorf("expire blocks: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

package identity

import (
	"context"
	"regexp"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

const (
	sessionLife  = 12 * time.Hour // since it was last used
	sessionMax   = 7 * 24 * time.Hour
	seenEvery    = 5 * time.Minute
	minPassword  = 12
	maxPassword  = 256
	setUpSetting = "setup-hash"
	// After maxFailures wrong passwords for a name within failWindow, that name
	// waits failWindow.
	maxFailures = 10
	failWindow  = 5 * time.Minute
)

// Service lets people and programs in. Safe for concurrent use.
type Service struct {
	store Store
	now   func() time.Time

	hashing chan struct{} // bounds the memory of concurrent Argon2id

	mu     sync.Mutex
	failed map[string][]time.Time // by sign-in name; guarded by mu
}

// New returns a Service over store.
func New(store Store) *Service {
	return &Service{store: store, now: time.Now, hashing: make(chan struct{}, 2), failed: map[string][]time.Time{}}
}

// PrepareSetUp returns the secret of a one-time set-up link while there is no
// user, else "". A later call makes the earlier link void.
func (s *Service) PrepareSetUp(ctx context.Context) (string, error) {
	users, err := s.store.Users(ctx)
	if err != nil || len(users) > 0 {
		return "", err
	}
	secret, hash := NewSecret("")
	return secret, s.store.SaveSetting(ctx, setUpSetting, hash)
}

// SetUp makes the first administrator.
func (s *Service) SetUp(ctx context.Context, secret, name, password string) (User, error) {
	hash, err := s.store.Setting(ctx, setUpSetting)
	if err != nil {
		return User{}, err
	}
	if hash == "" || HashSecret(secret) != hash {
		return User{}, errs.New(errs.Denied, "setup_link_invalid", "This set-up link was used or is not the newest one. Restart Vedette for a new link if nobody has set it up.")
	}
	actor := ref.Actor{Ref: ref.Ref{Kind: ref.System, ID: "setup"}, Name: "set-up link", Role: ref.Admin}
	u, err := s.AddUser(ref.WithActor(ctx, actor), name, password, ref.Admin)
	if err != nil {
		return User{}, err
	}
	return u, s.store.SaveSetting(ctx, setUpSetting, "")
}

// SetUpPending reports whether secret would be accepted by SetUp.
func (s *Service) SetUpPending(ctx context.Context, secret string) (bool, error) {
	hash, err := s.store.Setting(ctx, setUpSetting)
	return hash != "" && HashSecret(secret) == hash, err
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// AddUser makes a user.
func (s *Service) AddUser(ctx context.Context, name, password string, role ref.Role) (User, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return User{}, err
	}
	fields := map[string]string{}
	if !validName.MatchString(name) {
		fields["name"] = "Use 1-64 of a-z, 0-9 and . _ @ -, beginning with a letter or digit."
	}
	if n := len([]rune(password)); n < minPassword || len(password) > maxPassword {
		fields["password"] = "Use at least 12 characters; a sentence is fine."
	}
	if len(fields) > 0 {
		return User{}, &errs.Error{Kind: errs.Invalid, Code: "user_invalid", Message: "The user cannot be made like this.", Fields: fields}
	}
	u := User{ID: uuid.NewString(), Name: name, Role: role, Password: s.hash(password), Created: s.now().UTC()}
	return u, s.store.SaveUser(ctx, u, act(ctx, "identity.add-user", ref.Ref{Kind: ref.User, ID: u.ID}, map[string]any{"name": name, "role": role.String()}))
}

// Users lists everybody.
func (s *Service) Users(ctx context.Context) ([]User, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return nil, err
	}
	return s.store.Users(ctx)
}

// SetTheme keeps a user's choice of colours: "dark", "light" or "" (as the system).
func (s *Service) SetTheme(ctx context.Context, u User, theme string) error {
	if theme != "dark" && theme != "light" && theme != "" {
		return errs.New(errs.Invalid, "theme_unknown", "%q is no theme.", theme)
	}
	u.Theme = theme
	return s.store.SaveUser(ctx, u, ref.Act{})
}

// SignIn checks name and password and returns the secret for the session cookie.
func (s *Service) SignIn(ctx context.Context, name, password string) (string, User, error) {
	refused := errs.New(errs.Denied, "sign_in_refused", "Name or password is wrong.")
	if s.blocked(name) {
		return "", User{}, errs.New(errs.RateLimited, "sign_in_rate", "Too many attempts; wait five minutes.")
	}
	u, err := s.store.UserNamed(ctx, name)
	known := err == nil && !u.Disabled
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return "", User{}, err
	}
	if !known { // take as long as for a known name
		u.Password = dummyHash
	}
	if len(password) > maxPassword || !s.check(u.Password, password) || !known {
		s.fail(name)
		return "", User{}, refused
	}
	now := s.now().UTC()
	secret, hash := NewSecret("")
	return secret, u, s.store.SaveSession(ctx, Session{Hash: hash, User: u.ID, Created: now, Seen: now, Expires: now.Add(sessionLife)})
}

// dummyHash is a valid hash of a password nobody has.
const dummyHash = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Session returns who has the session cookie secret.
func (s *Service) Session(ctx context.Context, secret string) (User, ref.Actor, error) {
	v, u, err := s.store.SessionBy(ctx, HashSecret(secret))
	if err != nil {
		return User{}, ref.Actor{}, err
	}
	now := s.now().UTC()
	if u.Disabled || now.After(v.Expires) || now.After(v.Created.Add(sessionMax)) {
		return User{}, ref.Actor{}, errs.New(errs.NotFound, "session_expired", "Your session has ended; sign in again.")
	}
	if now.Sub(v.Seen) > seenEvery {
		v.Seen, v.Expires = now, now.Add(sessionLife)
		if err := s.store.SaveSession(ctx, v); err != nil {
			return User{}, ref.Actor{}, err
		}
	}
	return u, ref.Actor{Ref: ref.Ref{Kind: ref.User, ID: u.ID}, Name: u.Name, Role: u.Role}, nil
}

// SignOut ends the session of the cookie secret.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.store.EndSessions(ctx, HashSecret(secret), "")
}

// AddToken makes a token for a program and returns its secret, once. life 0 = for ever.
func (s *Service) AddToken(ctx context.Context, name string, role ref.Role, life time.Duration) (Token, string, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return Token{}, "", err
	}
	if name == "" || len(name) > 100 || role == ref.Nobody {
		return Token{}, "", errs.New(errs.Invalid, "token_invalid", "A token needs a name of at most 100 characters and a role.")
	}
	secret, hash := NewSecret("vdt_")
	t := Token{ID: uuid.NewString(), Name: name, Hash: hash, Role: role, Created: s.now().UTC()}
	if life > 0 {
		t.Expires = t.Created.Add(life)
	}
	return t, secret, s.store.SaveToken(ctx, t, act(ctx, "identity.add-token", ref.Ref{Kind: ref.Token, ID: t.ID}, map[string]any{"name": name, "role": role.String()}))
}

// Tokens lists all tokens, without their secrets.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return nil, err
	}
	return s.store.Tokens(ctx)
}

// RevokeToken makes a token void.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	tokens, err := s.Tokens(ctx)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.ID == id {
			t.Revoked = true
			return s.store.SaveToken(ctx, t, act(ctx, "identity.revoke-token", ref.Ref{Kind: ref.Token, ID: id}, map[string]any{"name": t.Name}))
		}
	}
	return errs.New(errs.NotFound, "token_unknown", "There is no token %q.", id)
}

// Token returns who has the token secret.
func (s *Service) Token(ctx context.Context, secret string) (ref.Actor, error) {
	t, err := s.store.TokenBy(ctx, HashSecret(secret))
	if err != nil {
		return ref.Actor{}, err
	}
	now := s.now().UTC()
	if t.Revoked || (!t.Expires.IsZero() && now.After(t.Expires)) {
		return ref.Actor{}, errs.New(errs.Denied, "token_void", "This token was revoked or has expired.")
	}
	if now.Sub(t.Used) > seenEvery {
		t.Used = now
		if err := s.store.SaveToken(ctx, t, ref.Act{}); err != nil {
			return ref.Actor{}, err
		}
	}
	return ref.Actor{Ref: ref.Ref{Kind: ref.Token, ID: t.ID}, Name: t.Name, Role: t.Role}, nil
}

func act(ctx context.Context, verb string, target ref.Ref, detail map[string]any) ref.Act {
	return ref.Act{Actor: ref.ActorFrom(ctx), Verb: verb, Target: target, Detail: detail}
}

func (s *Service) hash(password string) string {
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return hashPassword(password)
}

func (s *Service) check(phc, password string) bool {
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return checkPassword(phc, password)
}

func (s *Service) blocked(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	cut := s.now().Add(-failWindow)
	recent := s.failed[name][:0]
	for _, t := range s.failed[name] {
		if t.After(cut) {
			recent = append(recent, t)
		}
	}
	if len(recent) == 0 {
		delete(s.failed, name)
	} else {
		s.failed[name] = recent
	}
	return len(recent) >= maxFailures
}

func (s *Service) fail(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failed) > 10_000 { // names are the attacker's to choose: bound them
		clear(s.failed)
	}
	s.failed[name] = append(s.failed[name], s.now())
}

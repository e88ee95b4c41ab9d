package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type identityStore struct{ db *sqldb.DB }

var _ identity.Store = identityStore{}

// Identities returns the part of the store that keeps users and tokens.
func (s *Store) Identities() identity.Store { return identityStore{s.db} }

const userColumns = "id, name, role, password, created, disabled, theme"

// roleColumn scans a role's name.
type roleColumn struct{ r *ref.Role }

func (c roleColumn) Scan(src any) (err error) {
	var name string
	switch v := src.(type) {
	case string:
		name = v
	case []byte:
		name = string(v)
	}
	*c.r, err = ref.ParseRole(name)
	return err
}

func userDst(u *identity.User) []any {
	return []any{&u.ID, &u.Name, roleColumn{&u.Role}, &u.Password, sqldb.TimeColumn{T: &u.Created}, &u.Disabled, &u.Theme}
}

func (s identityStore) Users(ctx context.Context) ([]identity.User, error) {
	var users []identity.User
	err := s.db.Read().Query(ctx, "SELECT "+userColumns+" FROM identity_user ORDER BY name", nil, func(scan sqldb.Scan) error {
		var u identity.User
		err := scan(userDst(&u)...)
		users = append(users, u)
		return err
	})
	return users, err
}

func (s identityStore) SaveUser(ctx context.Context, u identity.User, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var taken string
		if _, err := tx.Row(ctx, "SELECT id FROM identity_user WHERE name = ? AND id <> ?", []any{u.Name, u.ID}, &taken); err != nil {
			return err
		}
		if taken != "" {
			return errs.New(errs.Conflict, "user_name_taken", "There is a user %q already.", u.Name)
		}
		_, err := tx.Exec(ctx, "INSERT INTO identity_user ("+userColumns+`) VALUES (?,?,?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, password = excluded.password,
			disabled = excluded.disabled, theme = excluded.theme`,
			u.ID, u.Name, u.Role.String(), u.Password, sqldb.Micros(u.Created), u.Disabled, u.Theme)
		if err != nil || act.Verb == "" {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s identityStore) UserNamed(ctx context.Context, name string) (identity.User, error) {
	var u identity.User
	ok, err := s.db.Read().Row(ctx, "SELECT "+userColumns+" FROM identity_user WHERE name = ?", []any{name}, userDst(&u)...)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "user_unknown", "There is no user %q.", name)
	}
	return u, err
}

func (s identityStore) SaveSession(ctx context.Context, v identity.Session) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM identity_session WHERE expires < ?", sqldb.Micros(time.Now())); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO identity_session (hash, user_id, created, seen, expires) VALUES (?,?,?,?,?)
			ON CONFLICT (hash) DO UPDATE SET seen = excluded.seen, expires = excluded.expires`,
			v.Hash, v.User, sqldb.Micros(v.Created), sqldb.Micros(v.Seen), sqldb.Micros(v.Expires))
		return err
	})
}

func (s identityStore) SessionBy(ctx context.Context, hash string) (identity.Session, identity.User, error) {
	var v identity.Session
	var u identity.User
	dst := append([]any{
		&v.Hash, &v.User, sqldb.TimeColumn{T: &v.Created}, sqldb.TimeColumn{T: &v.Seen}, sqldb.TimeColumn{T: &v.Expires},
	}, userDst(&u)...)
	ok, err := s.db.Read().Row(ctx, `SELECT s.hash, s.user_id, s.created, s.seen, s.expires, u.id, u.name, u.role, u.password, u.created, u.disabled, u.theme
		FROM identity_session s JOIN identity_user u ON u.id = s.user_id WHERE s.hash = ?`, []any{hash}, dst...)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "session_unknown", "You are not signed in.")
	}
	return v, u, err
}

func (s identityStore) EndSessions(ctx context.Context, hash, user string) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM identity_session WHERE hash = ? OR user_id = ?", hash, user)
		return err
	})
}

const tokenColumns = "id, name, hash, role, created, expires, used, revoked"

func tokenDst(t *identity.Token) []any {
	return []any{
		&t.ID, &t.Name, &t.Hash,
		roleColumn{&t.Role},
		sqldb.TimeColumn{T: &t.Created},
		sqldb.TimeColumn{T: &t.Expires},
		sqldb.TimeColumn{T: &t.Used},
		&t.Revoked,
	}
}

func (s identityStore) Tokens(ctx context.Context) ([]identity.Token, error) {
	var tokens []identity.Token
	err := s.db.Read().Query(ctx, "SELECT "+tokenColumns+" FROM identity_token ORDER BY name, id", nil, func(scan sqldb.Scan) error {
		var t identity.Token
		err := scan(tokenDst(&t)...)
		tokens = append(tokens, t)
		return err
	})
	return tokens, err
}

func (s identityStore) SaveToken(ctx context.Context, t identity.Token, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO identity_token ("+tokenColumns+`) VALUES (?,?,?,?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET used = excluded.used, revoked = excluded.revoked, expires = excluded.expires`,
			t.ID, t.Name, t.Hash, t.Role.String(), sqldb.Micros(t.Created), sqldb.Micros(t.Expires), sqldb.Micros(t.Used), t.Revoked)
		if err != nil || act.Verb == "" {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s identityStore) TokenBy(ctx context.Context, hash string) (identity.Token, error) {
	var t identity.Token
	ok, err := s.db.Read().Row(ctx, "SELECT "+tokenColumns+" FROM identity_token WHERE hash = ?", []any{hash}, tokenDst(&t)...)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "token_unknown", "This token is not known.")
	}
	return t, err
}

func (s identityStore) Setting(ctx context.Context, key string) (string, error) {
	var v string
	_, err := s.db.Read().Row(ctx, "SELECT value FROM identity_setting WHERE key = ?", []any{key}, &v)
	return v, err
}

func (s identityStore) SaveSetting(ctx context.Context, key, value string) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO identity_setting (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
		return err
	})
}

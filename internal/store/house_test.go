package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

func TestIdentity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := identity.New(st.Identities())
		old, err := s.PrepareSetUp(t.Context())
		if err != nil || old == "" {
			t.Fatal(old, err)
		}
		secret, err := s.PrepareSetUp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.SetUp(t.Context(), old, "ada", "correct horse battery"); errs.KindOf(err) != errs.Denied {
			t.Errorf("an older set-up link: %v", err)
		}
		if _, err := s.SetUp(t.Context(), secret, "Ada", "short"); len(errs.FieldsOf(err)) != 2 {
			t.Errorf("a bad name and a short password: %v", errs.FieldsOf(err))
		}
		u, err := s.SetUp(t.Context(), secret, "ada", "correct horse battery")
		if err != nil || u.Role != ref.Admin {
			t.Fatal(u, err)
		}
		if _, err := s.SetUp(t.Context(), secret, "eve", "correct horse battery"); errs.KindOf(err) != errs.Denied {
			t.Errorf("the set-up link worked twice: %v", err)
		}
		if again, err := s.PrepareSetUp(t.Context()); again != "" || err != nil {
			t.Errorf("a set-up link although there is a user: %q %v", again, err)
		}
		if _, _, err := s.SignIn(t.Context(), "ada", "wrong"); errs.KindOf(err) != errs.Denied {
			t.Errorf("a wrong password: %v", err)
		}
		if _, _, err := s.SignIn(t.Context(), "nobody", "wrong"); errs.CodeOf(err) != "sign_in_refused" {
			t.Errorf("an unknown name must look like a wrong password: %v", err)
		}
		cookie, _, err := s.SignIn(t.Context(), "ada", "correct horse battery")
		if err != nil {
			t.Fatal(err)
		}
		_, actor, err := s.Session(t.Context(), cookie)
		if err != nil || actor.Name != "ada" || actor.Role != ref.Admin {
			t.Errorf("session: %+v, %v", actor, err)
		}
		if err := s.SignOut(t.Context(), cookie); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Session(t.Context(), cookie); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a session after signing out: %v", err)
		}
		asAda := ref.WithActor(t.Context(), actor)
		if _, err := s.AddUser(asAda, "ada", "correct horse battery", ref.Viewer); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a taken name: %v", err)
		}
		viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Viewer})
		if _, _, err := s.AddToken(viewer, "x", ref.Admin, 0); errs.KindOf(err) != errs.Denied {
			t.Errorf("a viewer made a token: %v", err)
		}
		tok, tokenSecret, err := s.AddToken(asAda, "sensor", ref.Sender, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if who, err := s.Token(t.Context(), tokenSecret); err != nil || who.Role != ref.Sender {
			t.Errorf("token: %+v, %v", who, err)
		}
		if err := s.RevokeToken(asAda, tok.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Token(t.Context(), tokenSecret); errs.KindOf(err) != errs.Denied {
			t.Errorf("a revoked token: %v", err)
		}
	})
}

func TestSignInIsSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := identity.New(st.Identities())
		var err error
		for range 11 {
			_, _, err = s.SignIn(t.Context(), "ada", "wrong")
		}
		if errs.KindOf(err) != errs.RateLimited {
			t.Errorf("the eleventh wrong password: %v", err)
		}
	})
}

func TestOutboxIsPartOfTheChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := org.New(st.Org())
		if _, err := o.Import(system(t), []byte("name: Meridian\nassets: [{id: a, name: db1, criticality: crown-jewel}]\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Import(system(t), []byte("nme: Meridian\n")); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an unknown key: %v", err)
		}
		facts, err := st.Outbox().Pending(t.Context(), 10)
		if err != nil || len(facts) != 1 || facts[0].Topic != "org.changed" {
			t.Fatalf("outbox: %+v, %v", facts, err)
		}
		if err := st.Outbox().Forget(t.Context(), facts[0].Seq); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Import(system(t), []byte("name: Meridian Freight\n")); err != nil {
			t.Fatal(err)
		}
		later, err := st.Outbox().Pending(t.Context(), 10)
		if err != nil || len(later) != 1 || later[0].Seq <= facts[0].Seq {
			t.Errorf("a sequence number was given twice: %+v after %+v", later, facts)
		}
		again := org.New(st.Org())
		if err := again.Load(t.Context()); err != nil || again.Index().Profile.Name != "Meridian Freight" {
			t.Errorf("the profile was not kept: %+v, %v", again.Index().Profile, err)
		}
		// A failed transaction leaves neither change nor announcement nor audit line.
		boom := errors.New("boom")
		err = st.Alerts().Write(t.Context(), func(tx alert.Tx) error {
			act := ref.Act{Actor: ref.SystemActor, Verb: "test", Target: ref.Ref{Kind: ref.System, ID: "x"}}
			if err := tx.Record(t.Context(), alert.Change{Act: &act, Topic: "test"}); err != nil {
				return err
			}
			return boom
		})
		after, _ := st.Outbox().Pending(t.Context(), 10)
		n, _, verr := audit.Verify(t.Context(), st.Audit())
		if !errors.Is(err, boom) || len(after) != 1 || n != 2 || verr != nil {
			t.Errorf("after a failed transaction: %v, outbox %+v, %d audit lines, %v", err, after, n, verr)
		}
	})
}

// Whoever edits the audit log behind our back is found out.
func TestAuditFindsTampering(t *testing.T) {
	dsn := storetest.SQLite(t)
	st, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	o := org.New(st.Org())
	for _, name := range []string{"a", "b", "c"} {
		if _, err := o.Import(system(t), []byte("name: "+name+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqldb.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, tt := range []struct{ does, undo string }{
		{"UPDATE audit_log SET name = 'eve' WHERE seq = 2", "UPDATE audit_log SET name = 'vedette' WHERE seq = 2"},
		{"UPDATE audit_log SET prev = '' WHERE seq = 3", ""},
		{"DELETE FROM audit_log WHERE seq = 2", ""},
	} {
		if _, err := db.Writer().ExecContext(t.Context(), tt.does); err != nil {
			t.Fatal(err)
		}
		if _, _, err := audit.Verify(t.Context(), st.Audit()); errs.CodeOf(err) != "audit_chain_broken" {
			t.Errorf("%s: %v", tt.does, err)
		}
		if tt.undo != "" {
			if _, err := db.Writer().ExecContext(t.Context(), tt.undo); err != nil {
				t.Fatal(err)
			}
			if n, _, err := audit.Verify(t.Context(), st.Audit()); err != nil || n != 3 {
				t.Errorf("after the repair: %d, %v", n, err)
			}
		}
	}
}

package errs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/vedette-soc/vedette/internal/errs"
)

func TestKindSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("assign alert 7: %w", errs.New(errs.Conflict, "alert_closed", "alert %d is closed", 7))
	if got := errs.KindOf(err); got != errs.Conflict {
		t.Errorf("KindOf = %v, want conflict", got)
	}
	if got := errs.CodeOf(err); got != "alert_closed" {
		t.Errorf("CodeOf = %q", got)
	}
	if got := errs.HTTPStatus(err); got != 409 {
		t.Errorf("HTTPStatus = %d", got)
	}
	if got := errs.Public(err); got != "alert 7 is closed" {
		t.Errorf("Public = %q", got)
	}
}

func TestUnknownErrorsStayInternal(t *testing.T) {
	err := errors.New("dial tcp 10.0.0.1: password=hunter2")
	if errs.KindOf(err) != errs.Internal || errs.HTTPStatus(err) != 500 || errs.ExitCode(err) != 1 {
		t.Error("an error without a kind must be internal")
	}
	if got := errs.Public(err); got == err.Error() {
		t.Errorf("Public leaks the cause: %q", got)
	}
}

func TestWorkerMarks(t *testing.T) {
	base := errors.New("x")
	if !errs.IsPermanent(fmt.Errorf("run: %w", errs.Permanent(base))) || errs.IsFatal(errs.Permanent(base)) {
		t.Error("Permanent is not recognised alone")
	}
	if !errs.IsFatal(fmt.Errorf("run: %w", errs.Fatal(base))) || errs.Fatal(nil) != nil || errs.Permanent(nil) != nil {
		t.Error("Fatal is not recognised, or nil was marked")
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := errs.Secret("hunter2")
	b, _ := json.Marshal(map[string]any{"s": s})
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), string(b)} {
		if got == "" || containsSecret(got) {
			t.Errorf("secret leaked in %q", got)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("Reveal lost the value")
	}
}

func containsSecret(s string) bool {
	for i := 0; i+7 <= len(s); i++ {
		if s[i:i+7] == "hunter2" {
			return true
		}
	}
	return false
}

package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

const written = `# who we are
name: Example AG # the holding
sectors: [energy]
assets:
  # the one thing we cannot lose
  - id: erp
    name: ERP
    hostnames: [erp.corp.example] # in Hamburg
    criticality: crown-jewel
people:
  - name: Ana
    accounts: [ana]
never_block: [203.0.113.5]
`

// TestCompleteProfile: an inventory fills in what is missing; what a person wrote,
// comments included, stays.
func TestCompleteProfile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := org.New(st.Org())
		ctx := system(t)
		if _, err := s.Import(ctx, []byte(written)); err != nil {
			t.Fatal(err)
		}
		inv := org.Inventory{
			Kind: "csv", Assets: []org.Asset{
				{ID: "x", Name: "erp.corp.example", Addresses: []string{"10.0.0.5"}, Criticality: org.Low, Owner: "finance"}, {ID: "erp", Name: "Other", Addresses: []string{"10.0.0.9"}}, {ID: "web", Name: "web", Exposed: true},
			},
			Technologies: []org.Technology{{Name: "nginx", Version: "1.22"}}, People: []org.Person{{Name: "Ana B.", Accounts: []string{"ANA", "ana.admin"}, Privileged: true}, {Name: "Bo", Emails: []string{"bo@corp.example"}}},
		}
		for _, dry := range []bool{true, false} {
			c, err := s.Complete(ctx, "list.csv", inv, dry)
			if err != nil {
				t.Fatal(err)
			}
			want := org.Completion{
				Kind: "csv", New: []string{"asset web", "product nginx 1.22", "person Bo"},
				Filled: []string{"asset ERP: owner finance, address 10.0.0.5", "asset ERP: address 10.0.0.9", "person Ana: account ana.admin, privileged"},
			}
			if len(c.File) == 0 || !dry && !strings.Contains(string(c.File), "10.0.0.9") {
				t.Errorf("dry %v: the profile is\n%s", dry, c.File)
			}
			c.File = nil
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("dry %v: -want +got\n%s", dry, diff)
			}
		}
		saved, err := s.Saved(ctx)
		if err != nil {
			t.Fatal(err)
		}
		text := string(saved.File)
		for _, kept := range []string{"# who we are", "# the holding", "# the one thing we cannot lose", "# in Hamburg", "criticality: crown-jewel", "never_block: [203.0.113.5]", "10.0.0.9", "ana.admin", "- id: web\n    name: web\n    exposed: true\n"} {
			if !strings.Contains(text, kept) {
				t.Errorf("%q is gone from\n%s", kept, text)
			}
		}
		if strings.Contains(text, "shared: false") || strings.Contains(text, "criticality: low") {
			t.Errorf("something was written that nobody said:\n%s", text)
		}
		if again, err := s.Complete(ctx, "list.csv", inv, false); err != nil || again.Same != 6 || len(again.New)+len(again.Filled) != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
		if a, ok := s.Index().Host("erp"); !ok || a.Criticality != org.Crown || a.Owner != "finance" {
			t.Errorf("asset %+v", a)
		}
	})
}

package keyporttest_test

import (
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestRequireClaims: a resource wants more, a request brings it, and from then on the
// sign-in has it.
func TestRequireClaims(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	u := newUsers(t, nil)
	u.RequireClaims(reports+"/", claims)
	for kind, code := range map[string]string{"Entra ID": "invalid_grant", "Entra ID v1": "interaction_required", "OIDC": "interaction_required"} {
		if kind == "OIDC" {
			u.RequireClaims(clientID, claims) // for which a plain issuer's tokens are
		}
		address := u.ask(kind, map[string]string{"resource": map[string]string{"Entra ID v1": reports}[kind]})
		refused := u.redeem(kind, u.signIn(u.NewBrowser(), address, keyporttest.SignIn{}).Get("code"), nil)
		if refused.text("error") != code || refused.status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", kind, refused.status, refused.body)
		}
		if kind == "OIDC" {
			continue // has no claims to tell
		}
		if refused.number() != 50076 || refused.text("claims") != claims || refused.text("suberror") != "basic_action" {
			t.Errorf("%s: %v", kind, refused.body)
		}
		values := u.signIn(u.NewBrowser(), address, keyporttest.SignIn{})
		more := `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}},"id_token":{"x":null}}`
		got := u.redeem(kind, values.Get("code"), map[string]string{"claims": more})
		if got.status != http.StatusOK {
			t.Fatalf("%s, with the claims: %v", kind, got.body)
		}
		if cc, _ := got.claims(t)["xms_cc"].([]any); len(cc) != 1 || cc[0] != "cp1" {
			t.Errorf("%s: xms_cc is %v", kind, got.claims(t)["xms_cc"])
		}
		if got := u.refresh(kind, got.text("refresh_token"), map[string]string{"resource": map[string]string{"Entra ID v1": reports}[kind]}); got.status != http.StatusOK {
			t.Errorf("%s, later: %v", kind, got.body)
		}
		near := `{"access_token":{"acrs":{"essential":true,"value":"c2"}}}`
		values = u.signIn(u.NewBrowser(), address, keyporttest.SignIn{})
		if got := u.redeem(kind, values.Get("code"), map[string]string{"claims": near}); got.number() != 50076 {
			t.Errorf("%s, with other claims: %v", kind, got.body)
		}
	}
	u.RequireClaims(reports, "")
	// What the authorization request asks for and what the token request does come together.
	address := u.ask("Entra ID", map[string]string{"claims": claims})
	both := u.redeem("Entra ID", u.signIn(u.NewBrowser(), address, keyporttest.SignIn{}).Get("code"), map[string]string{"claims": `{"access_token":{"xms_cc":{"values":["cp1"]}}}`}).claims(t)
	if both["acrs"] == nil || both["xms_cc"] == nil {
		t.Errorf("acrs %v, xms_cc %v", both["acrs"], both["xms_cc"])
	}
	u.tokens("Entra ID", nil)
	for _, bad := range []string{"{", "null", "[]"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", bad)
				}
			}()
			u.RequireClaims(reports, bad)
		}()
	}
}

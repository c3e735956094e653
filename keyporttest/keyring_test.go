package keyporttest_test

import (
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/keyporttest"
)

// verifies reports whether the JWKS of a server has the key of a token.
func (u users) verifies(kind, token string) bool {
	u.t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		u.t.Fatal(err)
	}
	_, err = jws.Verify(jwks(u.t, u.Authority, u.endpoint(kind, "jwks_uri")))
	return err == nil
}

func TestRotateKeys(t *testing.T) {
	for _, drop := range []bool{false, true} {
		for _, kind := range []string{"Entra ID", "OIDC"} {
			u := newUsers(t, nil)
			old := u.tokens(kind, nil)
			u.RotateKeys(keyporttest.Rotation{DropOld: drop})
			fresh := u.tokens(kind, nil)
			for _, name := range []string{"id_token", "access_token"} {
				was, _ := split(t, old.text(name))
				is, _ := split(t, fresh.text(name))
				if was["kid"] == is["kid"] || was["alg"] != is["alg"] {
					t.Errorf("%s: %s signed with %v %v, and then with %v %v", kind, name, was["alg"], was["kid"], is["alg"], is["kid"])
				}
				if !u.verifies(kind, fresh.text(name)) {
					t.Errorf("%s: the new key of the %s is not published", kind, name)
				}
				if u.verifies(kind, old.text(name)) == drop {
					t.Errorf("%s, old keys dropped: %t: the %s of before verifies: %t", kind, drop, name, !drop)
				}
			}
			keys := jwks(t, u.Authority, u.endpoint(kind, "jwks_uri")).Keys
			seen := map[string]bool{}
			for _, key := range keys {
				if seen[key.KeyID] {
					t.Errorf("%s: two keys are called %s", kind, key.KeyID)
				}
				seen[key.KeyID] = true
			}
			u.RotateKeys(keyporttest.Rotation{})
			if again := jwks(t, u.Authority, u.endpoint(kind, "jwks_uri")).Keys; len(again) <= len(keys) {
				t.Errorf("%s: %d keys, and after another rotation %d", kind, len(keys), len(again))
			}
		}
	}
}

// TestAPlainIssuerPublishesItsOwnKeysOnly: what it never signs with is not in its JWKS.
func TestAPlainIssuerPublishesItsOwnKeysOnly(t *testing.T) {
	u := newUsers(t, nil)
	u.tokens("Entra ID", nil)
	for kind, want := range map[string]int{"OIDC": 1, "Entra ID": 2} {
		if got := len(jwks(t, u.Authority, u.endpoint(kind, "jwks_uri")).Keys); got != want {
			t.Errorf("%s: %d keys, want %d", kind, got, want)
		}
	}
}

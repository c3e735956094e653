package assertion_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/domain"
)

func TestBySecret(t *testing.T) {
	for _, secret := range []string{strings.Repeat("s", 32), strings.Repeat("s", 200), "geheim: ключ-€-0123456789-0123456789"} {
		p := plain()
		p.Overrides = map[string]any{"extra": "x"}
		got, err := assertion.BySecret(domain.NewSecret(secret), p, noon)
		if err != nil {
			t.Fatal(err)
		}
		header, claims := read(t, got.Reveal(), []byte(secret))
		if diff := cmp.Diff(map[string]any{"alg": "HS256", "typ": "client-authentication+jwt"}, header); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		want := map[string]any{
			"aud": issuer, "iss": clientID, "sub": clientID, "jti": claims["jti"], "extra": "x",
			"iat": json.Number("1795521600"), "nbf": json.Number("1795521600"), "exp": json.Number("1795522200"),
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		again, err := assertion.BySecret(domain.NewSecret(secret), p, noon)
		if err != nil || again.Equal(got) {
			t.Errorf("the second is the same as the first: %t, %v", again.Equal(got), err)
		}
	}
}

// RFC 7518 §3.2: a key of the same size as the hash output or larger.
func TestASecretThatIsTooShort(t *testing.T) {
	for _, secret := range []string{"", "s3cr3t", strings.Repeat("s", 31)} {
		got, err := assertion.BySecret(domain.NewSecret(secret), plain(), noon)
		bad := mustRefuse(t, "Credential", got, err)
		if secret != "" && strings.Contains(bad.Error(), secret) {
			t.Errorf("error shows the secret: %v", bad)
		}
	}
}

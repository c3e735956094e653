package keyporttest_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/keyporttest"
)

// parts decodes a JWT without checking anything.
func parts(t *testing.T, token string) (header, claims map[string]any, signature string) {
	t.Helper()
	p := strings.Split(token, ".")
	if len(p) != 3 {
		t.Fatalf("%d parts", len(p))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			t.Fatalf("part %d cannot be read", i)
		}
	}
	return header, claims, p[2]
}

// TestForgedIDTokens: each forgery is what it says, under the key id of the honest
// token, and does not verify.
func TestForgedIDTokens(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range []string{"Entra ID", "OIDC"} {
		honest, _, _ := parts(t, u.tokens(kind, nil).text("id_token"))
		for _, row := range []struct {
			name      string
			signature keyporttest.Signature
			algorithm any
			length    int // of the signature
		}{
			{"a stranger's key", keyporttest.SignedByStranger, honest["alg"], map[string]int{"Entra ID": 342, "OIDC": 86}[kind]},
			{"nobody's", keyporttest.SignedByNobody, "none", 0},
			{"HMAC", keyporttest.SignedByHMAC, "HS256", 43},
			{"edited", keyporttest.SignedThenEdited, honest["alg"], map[string]int{"Entra ID": 342, "OIDC": 86}[kind]},
		} {
			u.ForgeIDTokens(keyporttest.Forgery{Signature: row.signature, Times: 1})
			token := u.tokens(kind, nil).text("id_token")
			header, claims, signature := parts(t, token)
			if header["alg"] != row.algorithm || header["kid"] != honest["kid"] || len(signature) != row.length || claims["nonce"] != "the-nonce" {
				t.Errorf("%s, %s: header %v, a signature of %d", kind, row.name, header, len(signature))
			}
			if row.algorithm == honest["alg"] && u.verifies(kind, token) {
				t.Errorf("%s, %s: verifies", kind, row.name)
			}
			if !u.verifies(kind, u.tokens(kind, nil).text("id_token")) {
				t.Errorf("%s, %s: more than once", kind, row.name)
			}
		}
	}
}

// TestChangedIDTokens: signed well, and with what a test wants in them.
func TestChangedIDTokens(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range []string{"Entra ID", "OIDC"} {
		u.ForgeIDTokens(keyporttest.Forgery{Change: func(_, claims map[string]any) { claims["aud"] = "another" }})
		for range 2 {
			token := u.tokens(kind, nil).text("id_token")
			if _, claims, _ := parts(t, token); claims["aud"] != "another" || !u.verifies(kind, token) {
				t.Errorf("%s: aud %v", kind, claims["aud"])
			}
		}
		u.ForgeIDTokens(keyporttest.Forgery{Change: func(header, _ map[string]any) { header["kid"] = "unknown" }})
		if token := u.tokens(kind, nil).text("id_token"); u.verifies(kind, token) {
			t.Errorf("%s: the key id was not changed", kind)
		}
		u.ForgeIDTokens(keyporttest.Forgery{})
		if token := u.tokens(kind, nil).text("id_token"); !u.verifies(kind, token) {
			t.Errorf("%s: the forgery goes on", kind)
		}
	}
}

// TestTheHMACForgeryFoolsTheCareless: its key is the published one, as an attacker
// would have it.
func TestTheHMACForgeryFoolsTheCareless(t *testing.T) {
	u := newUsers(t, nil)
	u.ForgeIDTokens(keyporttest.Forgery{Signature: keyporttest.SignedByHMAC})
	jws, err := jose.ParseSignedCompact(u.tokens("OIDC", nil).text("id_token"), []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		t.Fatal(err)
	}
	key := jwks(t, u.Authority, u.endpoint("OIDC", "jwks_uri")).Keys[0]
	if _, err := jws.Verify(publicPEM(t, key.Key)); err != nil {
		t.Error(err)
	}
}

func TestAForgeryThatIsNoJSON(t *testing.T) {
	u := newUsers(t, nil)
	u.ForgeIDTokens(keyporttest.Forgery{Change: func(_, claims map[string]any) { claims["x"] = func() {} }})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	u.tokens("OIDC", nil)
}

func publicPEM(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

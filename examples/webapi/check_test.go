package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// issuer signs tokens as the test wants them.
type issuer struct {
	*testing.T
	key     *ecdsa.PrivateKey
	kid     string
	fetches int // of its documents
	down    bool
}

func newIssuer(t *testing.T) *issuer { return &issuer{T: t, key: newKey(t), kid: "one"} }

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RoundTrip serves its two documents.
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.fetches++
	var document any = map[string]any{"issuer": "https://id.example/v2.0", "jwks_uri": "https://id.example/keys"}
	if r.URL.Path == "/keys" {
		document = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.kid, Use: "sig", Algorithm: "ES256"}}}
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if i.down {
		status = http.StatusServiceUnavailable
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(string(text))), Request: r}, nil
}

func good() map[string]any {
	return map[string]any{
		"iss": "https://id.example/v2.0", "aud": "my-api", "oid": "the user", "tid": "the tenant", "scp": "other access", "azp": "my-app",
		"nbf": noon.Unix(), "iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
}

// but is a good token's claims with some that are different; nil takes one out.
func but(name string, value any) map[string]any {
	claims := good()
	if claims[name] = value; value == nil {
		delete(claims, name)
	}
	return claims
}

func (i *issuer) sign(algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	i.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: i.kid}}, nil)
	if err != nil {
		i.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		i.Fatal(err)
	}
	jws, err := signer.Sign(text)
	if err != nil {
		i.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		i.Fatal(err)
	}
	return token
}

func (i *issuer) token(claims map[string]any) string { return i.sign(jose.ES256, i.key, claims) }

func (i *issuer) checker(now *time.Time) *checker {
	return &checker{
		document: "https://id.example/v2.0/.well-known/openid-configuration", audience: "my-api", scope: "access",
		http: &http.Client{Transport: i}, now: func() time.Time { return *now },
	}
}

func (c *checker) checkHeader(header string) (caller, error) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return c.check(r)
}

// unsigned has "none" for a signature.
func unsigned(claims map[string]any) string {
	text, _ := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","kid":"one"}`)) + "." + encode(text) + "."
}

func TestOnlyTokensForUsAreTaken(t *testing.T) {
	i := newIssuer(t)
	public, err := x509.MarshalPKIXPublicKey(i.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	genuine := i.token(good())
	now := noon
	for name, row := range map[string]struct {
		header string
		want   error
	}{
		"a good one":                         {"Bearer " + genuine, nil},
		"in small letters":                   {"bearer " + genuine, nil},
		"for several":                        {"Bearer " + i.token(but("aud", []string{"another", "my-api"})), nil},
		"a clock that is ahead of ours":      {"Bearer " + i.token(but("nbf", noon.Add(50*time.Second).Unix())), nil},
		"nothing":                            {"", errNoToken},
		"nothing after the scheme":           {"Bearer", errNoToken},
		"another scheme":                     {"Basic " + genuine, errNoToken},
		"no JWT":                             {"Bearer abc", errToken},
		"without a signature":                {"Bearer " + unsigned(good()), errToken},
		"signed with what is public":         {"Bearer " + i.sign(jose.HS256, public, good()), errToken},
		"signed by a stranger":               {"Bearer " + i.sign(jose.ES256, newKey(t), good()), errToken},
		"changed":                            {"Bearer " + genuine[:len(genuine)-10] + "AAAAAAAAAA", errToken},
		"of another issuer":                  {"Bearer " + i.token(but("iss", "https://evil.example/v2.0")), errToken},
		"for another API":                    {"Bearer " + i.token(but("aud", "another")), errToken},
		"for nobody":                         {"Bearer " + i.token(but("aud", nil)), errToken},
		"expired":                            {"Bearer " + i.token(but("exp", noon.Add(-2*time.Minute).Unix())), errToken},
		"without end":                        {"Bearer " + i.token(but("exp", nil)), errToken},
		"not good yet":                       {"Bearer " + i.token(but("nbf", noon.Add(2*time.Minute).Unix())), errToken},
		"about nobody":                       {"Bearer " + i.token(but("oid", nil)), errToken},
		"without the permission":             {"Bearer " + i.token(but("scp", "accessories")), errNoConsent},
		"an application's, with a role only": {"Bearer " + i.token(but("scp", nil)), errNoConsent},
	} {
		got, err := i.checker(&now).checkHeader(row.header)
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
		if row.want == nil && (got.user != "the user.the tenant" || got.client != "my-app" || got.token.IsZero()) {
			t.Errorf("%s: the caller is %q at %q", name, got.user, got.client)
		}
	}
}

// TestKeysAreFetchedWhenTheyAreNeeded: and not whenever a stranger names one.
func TestKeysAreFetchedWhenTheyAreNeeded(t *testing.T) {
	i, now := newIssuer(t), noon
	c := i.checker(&now)
	ask := func(token string, want error) {
		t.Helper()
		if _, err := c.checkHeader("Bearer " + token); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	i.down = true
	if _, err := c.checkHeader("Bearer " + i.token(good())); err == nil || errors.Is(err, errToken) {
		t.Errorf("without keys: %v, want an error that is not the token's", err)
	}
	i.down, i.fetches = false, 0
	for range 3 {
		ask(i.token(good()), nil)
	}
	if i.fetches != 2 { // who, and the keys
		t.Errorf("%d fetches, want 2", i.fetches)
	}
	now = now.Add(10 * time.Minute)
	ask(i.token(good()), nil)
	ask(i.sign(jose.ES256, newKey(t), good()), errToken)
	if i.fetches != 2 {
		t.Errorf("%d fetches, want no more while the key is known", i.fetches)
	}
	c.fetched = now
	i.key, i.kid = newKey(t), "two"
	for n := range 3 {
		ask(i.token(good()), errToken)
		i.kid = fmt.Sprint("two", n)
	}
	if i.fetches != 2 {
		t.Errorf("%d fetches, want no more within a minute", i.fetches)
	}
	now = now.Add(time.Minute)
	ask(i.token(good()), nil)
	if i.fetches != 4 {
		t.Errorf("%d fetches, want 4", i.fetches)
	}
}

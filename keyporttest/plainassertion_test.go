package keyporttest_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/keyporttest"
)

// plainAssertion is one that a plain provider accepts, once.
func plainAssertion(key any, jti string) assertion {
	return assertion{
		alg: jose.ES256, key: key, header: map[string]any{"typ": "client-authentication+jwt", "kid": "k1"},
		claims: map[string]any{
			"aud": keyporttest.OIDCIssuerPath, "iss": clientID, "sub": clientID, "jti": jti,
			"nbf": noon.Unix(), "iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
		},
	}
}

// hs256 signs with a secret of any length; go-jose wants a long one (RFC 7518 §3.2).
func hs256(t *testing.T, claims map[string]any, secret string) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

func TestAssertionsAtAPlainProvider(t *testing.T) {
	p256, p384, p521, stranger := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), ecKey(t, elliptic.P521()), ecKey(t, elliptic.P256())
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := rsaCertificate()
	a, secret := newAuthority(t, func(app *keyporttest.App) {
		app.PublicKeys = map[string]crypto.PublicKey{"k1": p256.Public(), "k2": p384.Public(), "k3": p521.Public(), "k4": ed.Public()}
		app.Certificates = c.Chain
		app.Secrets = append(app.Secrets, "too short to sign")
	})
	var n atomic.Int64
	good := func() assertion { return plainAssertion(p256, fmt.Sprint("jti-", n.Add(1))) }
	header := func(name string, value any) map[string]any { return map[string]any{name: value} }
	claims := header
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	const issuer = keyporttest.OIDCIssuerPath
	for _, row := range []struct {
		name string
		jwt  string
		want string // how the description begins; "" for a token
	}{
		{"ES256", good().sign(t), ""},
		{"ES384", good().by(jose.ES384, p384).with(header("kid", "k2"), nil).sign(t), ""},
		{"ES512", good().by(jose.ES512, p521).with(header("kid", "k3"), nil).sign(t), ""},
		{"EdDSA", good().by(jose.EdDSA, ed).with(header("kid", "k4"), nil).sign(t), ""},
		{"PS256 by certificate", good().by(jose.PS256, c.Signer).with(map[string]any{"kid": nil, "x5t#S256": thumbprint256(c.Leaf)}, nil).sign(t), ""},
		{"HS256 under the secret", good().by(jose.HS256, []byte(secret)).with(header("kid", nil), nil).sign(t), ""},
		{"no key id", good().with(header("kid", nil), nil).sign(t), ""},
		{"the older type", good().with(header("typ", "JWT"), nil).sign(t), ""},
		{"no type", good().with(header("typ", nil), nil).sign(t), ""},
		{"for the token endpoint", good().with(nil, claims("aud", issuer+"/token")).sign(t), ""},
		{"for a list of one", good().with(nil, claims("aud", []string{issuer})).sign(t), ""},
		{"no nbf, no iat", good().with(nil, map[string]any{"nbf": nil, "iat": nil}).sign(t), ""},

		{"an access token", good().with(header("typ", "at+jwt"), nil).sign(t), "a JWT of type 'at+jwt'"},
		{"not signed", unsigned(t, good().claims), "'none' is not among"},
		{"HS256 under a short secret", hs256(t, good().claims, "too short to sign"), "no registered key"},
		{"HS256 under a guess", good().by(jose.HS256, []byte("0123456789012345678901234567890123456789")).sign(t), "no registered key"},
		{"a stranger's key", good().by(jose.ES256, stranger).sign(t), "no registered key"},
		{"another key id", good().with(header("kid", "k2"), nil).sign(t), "no registered key"},
		{"from another", good().with(nil, claims("iss", "https://another.example")).sign(t), "iss of the assertion"},
		{"about another", good().with(nil, claims("sub", "another")).sign(t), "sub of the assertion"},
		{"for another issuer", good().with(nil, claims("aud", keyporttest.OIDCIssuer)).sign(t), "the assertion is for another audience"},
		{"for others too", good().with(nil, claims("aud", []string{issuer, "https://another.example"})).sign(t), "the assertion is for another audience"},
		{"for an empty list", good().with(nil, claims("aud", []string{})).sign(t), "the assertion is for another audience"},
		{"for no text", good().with(nil, claims("aud", []any{7})).sign(t), "the assertion is for another audience"},
		{"ended", good().with(nil, claims("exp", at(-5*time.Minute))).sign(t), "the assertion is not within"},
		{"no end", good().with(nil, claims("exp", nil)).sign(t), "the assertion is not within"},
		{"not yet", good().with(nil, claims("nbf", at(6*time.Minute))).sign(t), "the assertion is not within"},
		{"from the future", good().with(nil, claims("iat", at(6*time.Minute))).sign(t), "the assertion is not within"},
		{"for a day", good().with(nil, claims("exp", at(24*time.Hour))).sign(t), "the assertion is valid for too long"},
		{"an end beyond all clocks", good().with(nil, claims("exp", 1e300)).sign(t), "the assertion is valid for too long"},
		{"no jti", good().with(nil, claims("jti", nil)).sign(t), "the assertion has no jti"},
		{"no JWT", "a.b.c", "the assertion is no JWT"},
	} {
		t.Run(row.name, func(t *testing.T) {
			want := "401 invalid_client " + row.want
			if row.want == "" {
				want = "200 "
			}
			if got := postAssertion(t, a, tokenURLs["OIDC"], row.jwt, nil); !isRefusal(got, want) {
				t.Errorf("got %d %v, want %s", got.status, got.body, want)
			}
		})
	}
}

func TestAnAssertionNamesItsClient(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.PublicKeys = map[string]crypto.PublicKey{"k1": key.Public()} })
	a.AddApp(keyporttest.App{ClientID: "another"})
	jwt := func(jti string) string { return plainAssertion(key, jti).sign(t) }
	if got := postAssertion(t, a, tokenURLs["OIDC"], jwt("1"), map[string]string{"client_id": ""}); got.status != http.StatusOK {
		t.Errorf("without client_id: %v", got.body) // RFC 7521 §4.2: it is optional
	}
	if got := postAssertion(t, a, tokenURLs["OIDC"], jwt("2"), map[string]string{"client_id": "another"}); !isRefusal(got, "401 invalid_client") {
		t.Errorf("with another client_id: %d %v", got.status, got.body)
	}
	if got := postAssertion(t, a, tokenURL, jwt("3"), map[string]string{"client_id": ""}); got.number() != 900144 {
		t.Errorf("Entra ID requires it: %d %v", got.status, got.body)
	}
}

// RFC 7523 §3: "The authorization server MAY ensure that JWTs are not replayed".
func TestAPlainProviderTakesAnAssertionOnce(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.PublicKeys = map[string]crypto.PublicKey{"k1": key.Public()} })
	a.AddApp(keyporttest.App{ClientID: "another", PublicKeys: map[string]crypto.PublicKey{"k1": key.Public()}})
	jwt := plainAssertion(key, "once").sign(t)
	var taken atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := postAssertion(t, a, tokenURLs["OIDC"], jwt, nil); got.status == http.StatusOK {
				taken.Add(1)
			} else if !isRefusal(got, "401 invalid_client the assertion was used before") {
				t.Errorf("got %d %v", got.status, got.body)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times, want once", taken.Load())
	}
	others := plainAssertion(key, "once").with(nil, map[string]any{"iss": "another", "sub": "another"}).sign(t)
	if got := postAssertion(t, a, tokenURLs["OIDC"], others, map[string]string{"client_id": "another"}); got.status != http.StatusOK {
		t.Errorf("the same jti of another client: %v", got.body) // RFC 7519 §4.1.7: unique for an issuer
	}
}

// TestThousandsOfAssertionsAreForgottenInTime: what has ended is swept out, and what
// has not is still known.
func TestThousandsOfAssertionsAreForgottenInTime(t *testing.T) {
	a, secret := newAuthority(t, nil)
	send := func(jti string) int {
		now := a.Clock().Now()
		jwt := plainAssertion([]byte(secret), jti).by(jose.HS256, []byte(secret)).with(map[string]any{"kid": nil}, map[string]any{
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		}).sign(t)
		return postAssertion(t, a, tokenURLs["OIDC"], jwt, nil).status
	}
	for i := range 1024 {
		if status := send(fmt.Sprint(i)); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	a.Clock().Advance(5 * time.Minute) // ended, but within the skew
	if send("more") != http.StatusOK || send("0") != http.StatusUnauthorized {
		t.Error("an assertion was forgotten while it might have served again")
	}
	a.Clock().Advance(10 * time.Minute)
	for i := range 1100 {
		if status := send(fmt.Sprint("later-", i)); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	if got := send("0"); got != http.StatusOK {
		t.Errorf("the jti of an assertion that ended long ago: %d", got)
	}
}

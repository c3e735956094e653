package keyporttest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/keyporttest"
)

// rsaCertificate is one for all tests: RSA keys take a while to make.
var rsaCertificate = sync.OnceValue(func() keyporttest.Certificate { return keyporttest.NewCertificate("client") })

// assertion is what a test signs.
type assertion struct {
	alg    jose.SignatureAlgorithm
	key    any
	header map[string]any
	claims map[string]any
}

// goodAssertion is one that Entra ID accepts.
func goodAssertion() assertion {
	c := rsaCertificate()
	return assertion{
		alg: jose.PS256, key: c.Signer,
		header: map[string]any{"typ": "JWT", "x5t#S256": thumbprint256(c.Leaf)},
		claims: map[string]any{
			"aud": tokenURL, "iss": clientID, "sub": clientID, "jti": "1",
			"nbf": noon.Unix(), "iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
		},
	}
}

func thumbprint256(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func thumbprint1(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// with lays headers and claims over an assertion's; nil takes one away.
func (a assertion) with(header, claims map[string]any) assertion {
	a.header, a.claims = maps.Clone(a.header), maps.Clone(a.claims)
	for _, m := range []struct{ into, from map[string]any }{{a.header, header}, {a.claims, claims}} {
		maps.Copy(m.into, m.from)
		maps.DeleteFunc(m.into, func(_ string, v any) bool { return v == nil })
	}
	return a
}

func (a assertion) by(alg jose.SignatureAlgorithm, key any) assertion {
	a.alg, a.key = alg, key
	return a
}

func (a assertion) sign(t *testing.T) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range a.header {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: a.alg, Key: a.key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(a.claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// postAssertion authenticates with a JWT.
func postAssertion(t *testing.T, a *keyporttest.Authority, address, jwt string, form map[string]string) reply {
	t.Helper()
	all := map[string]string{"client_assertion": jwt, "client_assertion_type": jwtBearer}
	maps.Copy(all, form)
	return post(t, a, address, all)
}

// unsigned is a JWT of "alg": "none".
func unsigned(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(payload) + "."
}

func TestAssertionsAtEntraID(t *testing.T) {
	c, other := rsaCertificate(), keyporttest.NewECCertificate("other")
	otherKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.Certificates = []*x509.Certificate{c.Leaf, other.Leaf} })
	good := goodAssertion()
	chain := func(certs ...*x509.Certificate) []string {
		var out []string
		for _, c := range certs {
			out = append(out, base64.StdEncoding.EncodeToString(c.Raw))
		}
		return out
	}
	sha1Hex := sha1.Sum(c.Leaf.Raw)
	only := func(header map[string]any) map[string]any {
		header["x5t#S256"] = nil
		return header
	}
	claims := func(name string, value any) map[string]any { return map[string]any{name: value} }
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for _, row := range []struct {
		name   string
		jwt    string
		number int
	}{
		{"PS256 and SHA-256", good.sign(t), 0},
		{"again, for it may be reused", good.sign(t), 0},
		{"RS256 and SHA-1", good.by(jose.RS256, c.Signer).with(only(map[string]any{"x5t": thumbprint1(c.Leaf)}), nil).sign(t), 0},
		{"a padded thumbprint", good.with(only(map[string]any{"x5t": thumbprint1(c.Leaf) + "="}), nil).sign(t), 0},
		{"the thumbprint as key id", good.with(only(map[string]any{"kid": hex.EncodeToString(sha1Hex[:])}), nil).sign(t), 0},
		{"with its chain", good.with(map[string]any{"x5c": chain(c.Leaf)}, nil).sign(t), 0},
		{"no nbf, iat, jti", good.with(nil, map[string]any{"nbf": nil, "iat": nil, "jti": nil}).sign(t), 0},
		{"for a year", good.with(nil, claims("exp", at(365*24*time.Hour))).sign(t), 0},
		{"for the endpoint by domain", good.with(nil, claims("aud", "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token")).sign(t), 0},
		{"for the endpoint by alias", good.with(nil, claims("aud", "https://login.windows.net/"+keyporttest.TenantID+"/oauth2/v2.0/token")).sign(t), 0},
		{"for the older endpoint", good.with(nil, claims("aud", entraBase+"/oauth2/token")).sign(t), 0},
		{"for the issuer", good.with(nil, claims("aud", entraBase+"/v2.0")).sign(t), 0},
		{"ended within the skew", good.with(nil, claims("exp", at(-4*time.Minute))).sign(t), 0},
		{"begins within the skew", good.with(nil, claims("nbf", at(4*time.Minute))).sign(t), 0},

		{"no JWT", "a.b.c", 50027},
		{"two parts", "a.b", 50027},
		{"four parts", good.sign(t) + ".x", 50027},
		{"exp is a text", good.with(nil, claims("exp", "soon")).sign(t), 50027},
		{"not signed", unsigned(t, good.claims), 5002738},
		{"ES256", good.by(jose.ES256, other.Signer).with(map[string]any{"x5t#S256": thumbprint256(other.Leaf)}, nil).sign(t), 5002738},
		{"HS256 under the secret", good.by(jose.HS256, []byte(secret)).sign(t), 5002738},
		{"no thumbprint", good.with(only(map[string]any{}), nil).sign(t), 5002723},
		{"an unknown thumbprint", good.with(map[string]any{"x5t#S256": "AAAA"}, nil).sign(t), 700027},
		{"another key", good.by(jose.PS256, otherKey).sign(t), 700027},
		{"another's chain", good.with(map[string]any{"x5c": chain(other.Leaf)}, nil).sign(t), 700027},
		{"the chain backwards", good.with(map[string]any{"x5c": chain(other.Leaf, c.Leaf)}, nil).sign(t), 700027},
		{"an empty chain", good.with(map[string]any{"x5c": []string{}}, nil).sign(t), 700027},
		{"from another", good.with(nil, claims("iss", "another")).sign(t), 700021},
		{"about another", good.with(nil, claims("sub", "another")).sign(t), 50048},
		{"for another tenant", good.with(nil, claims("aud", "https://login.microsoftonline.com/fabrikam.onmicrosoft.com/oauth2/v2.0/token")).sign(t), 700023},
		{"for another cloud", good.with(nil, claims("aud", "https://login.microsoftonline.us/"+keyporttest.TenantID+"/oauth2/v2.0/token")).sign(t), 700023},
		{"for a path in between", good.with(nil, claims("aud", entraBase+"/oauth2/x/token")).sign(t), 700023},
		{"for a list", good.with(nil, claims("aud", []string{tokenURL})).sign(t), 700023},
		{"for nobody", good.with(nil, claims("aud", nil)).sign(t), 700023},
		{"ended", good.with(nil, claims("exp", at(-5*time.Minute))).sign(t), 700024},
		{"not yet", good.with(nil, claims("nbf", at(5*time.Minute+time.Second))).sign(t), 700024},
		{"no end", good.with(nil, claims("exp", nil)).sign(t), 700024},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := postAssertion(t, a, tokenURL, row.jwt, nil)
			status := http.StatusOK
			switch row.number {
			case 0:
			case 5002738: // the one that Entra ID calls an invalid request
				status = http.StatusBadRequest
			default:
				status = http.StatusUnauthorized
			}
			if got.number() != row.number || got.status != status {
				t.Errorf("got %d AADSTS%d (%s), want %d AADSTS%d", got.status, got.number(), got.text("error_description"), status, row.number)
			}
		})
	}
}

func TestACertificateIsGoodWhileItLasts(t *testing.T) {
	key := rsaCertificate().Signer
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "brief"},
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	brief, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.Certificates = []*x509.Certificate{brief} })
	for _, row := range []struct {
		pass   time.Duration
		number int
	}{{0, 0}, {time.Hour + time.Second, 700027}, {-3 * time.Hour, 700027}} {
		a.Clock().Advance(row.pass)
		now := a.Clock().Now()
		jwt := goodAssertion().with(map[string]any{"x5t#S256": thumbprint256(brief)}, map[string]any{"nbf": now.Unix(), "exp": now.Add(time.Minute).Unix()}).sign(t)
		if got := postAssertion(t, a, tokenURL, jwt, nil); got.number() != row.number {
			t.Errorf("at %v: %d %v", now, got.status, got.body)
		}
	}
}

// TestAssertionsAtOthersOfMicrosofts: AD FS and dSTS want RS256, and each kind its
// own token endpoint for audience.
func TestAssertionsAtOthersOfMicrosofts(t *testing.T) {
	c := rsaCertificate()
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.Certificates = c.Chain })
	good := goodAssertion()
	legacy := good.by(jose.RS256, c.Signer).with(map[string]any{"x5t#S256": nil, "x5t": thumbprint1(c.Leaf)}, nil)
	for _, row := range []struct {
		kind string
		jwt  assertion
		aud  string
		want string
	}{
		{"AD FS", legacy, keyporttest.ADFSAuthorityURL + "/oauth2/token", "200 "},
		{"AD FS", legacy, keyporttest.ADFSAuthorityURL + "/oauth2/token/", "200 "},
		{"AD FS", good, keyporttest.ADFSAuthorityURL + "/oauth2/token", "400 invalid_client MSIS9622: 'PS256'"},
		{"AD FS", legacy, tokenURL, "400 invalid_client MSIS9622: the assertion is for another audience"},
		{"dSTS", legacy, keyporttest.DSTSAuthorityURL + "/oauth2/token", "200 "},
		{"dSTS", good, keyporttest.DSTSAuthorityURL + "/oauth2/token", "400 invalid_request AADSTS5002738:"},
		{"CIAM", good, tokenURLs["CIAM"], "200 "},
		{"CIAM", good, "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/oauth2/v2.0/token", "200 "},
		{"CIAM", good, tokenURL, "401 invalid_client AADSTS700023:"},
		{"B2C", good, tokenURLs["B2C"], "200 "},
		{"B2C", good, "https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_other/oauth2/v2.0/token", "400 invalid_client AADB2C90017:"},
	} {
		jwt := row.jwt.with(nil, map[string]any{"aud": row.aud}).sign(t)
		if got := postAssertion(t, a, tokenURLs[row.kind], jwt, nil); !isRefusal(got, row.want) {
			t.Errorf("%s for %s: got %d %v, want %s", row.kind, row.aud, got.status, got.body, row.want)
		}
	}
}

func TestFederatedAssertions(t *testing.T) {
	const issuer = "https://oidc.cluster.example"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := rsaCertificate()
	a, _ := newAuthority(t, func(app *keyporttest.App) {
		app.Certificates = c.Chain
		app.Issuers = map[string]crypto.PublicKey{issuer: key.Public()}
		app.FederatedSubjects = []string{"system:serviceaccount:ns:reports"}
	})
	federated := assertion{alg: jose.RS256, key: key, header: map[string]any{"kid": "k1"}, claims: map[string]any{
		"iss": issuer, "sub": "system:serviceaccount:ns:reports", "aud": []string{"api://AzureADTokenExchange"},
		"exp": noon.Add(time.Hour).Unix(), "iat": noon.Unix(),
	}}
	const gov = "https://login.microsoftonline.us/" + keyporttest.TenantID + "/oauth2/v2.0/token"
	for _, row := range []struct {
		name   string
		url    string
		jwt    string
		number int
	}{
		{"as Kubernetes signs them", tokenURL, federated.sign(t), 0},
		{"for one audience", tokenURL, federated.with(nil, map[string]any{"aud": "api://AzureADTokenExchange"}).sign(t), 0},
		{"at External ID", tokenURLs["CIAM"], federated.sign(t), 0},
		{"in another cloud", gov, federated.with(nil, map[string]any{"aud": "api://AzureADTokenExchangeUSGov"}).sign(t), 0},
		{"in China", "https://login.chinacloudapi.cn/" + keyporttest.TenantID + "/oauth2/v2.0/token", federated.with(nil, map[string]any{"aud": "api://AzureADTokenExchangeChina"}).sign(t), 0},
		{"in another cloud, for the public one", gov, federated.sign(t), 700212},
		{"from another issuer", tokenURL, federated.with(nil, map[string]any{"iss": "https://another.example"}).sign(t), 700211},
		{"about another", tokenURL, federated.with(nil, map[string]any{"sub": "system:serviceaccount:ns:other"}).sign(t), 700213},
		{"for another audience", tokenURL, federated.with(nil, map[string]any{"aud": tokenURL}).sign(t), 700212},
		{"for an audience that is none", tokenURL, federated.with(nil, map[string]any{"aud": 7}).sign(t), 700212},
		{"ended", tokenURL, federated.with(nil, map[string]any{"exp": noon.Add(-time.Hour).Unix()}).sign(t), 700024},
		// The client's own certificate does not speak for the issuer, nor the other way round.
		{"signed by the client", tokenURL, federated.by(jose.RS256, c.Signer).with(map[string]any{"x5t": thumbprint1(c.Leaf)}, nil).sign(t), 50013},
		{"the issuer's key for the client", tokenURL, goodAssertion().by(jose.PS256, key).sign(t), 700027},
	} {
		got := postAssertion(t, a, row.url, row.jwt, nil)
		if got.number() != row.number || (row.number == 0) != (got.status == http.StatusOK) {
			t.Errorf("%s: got %d %v, want AADSTS%d", row.name, got.status, got.body, row.number)
		}
	}
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ExampleRequest_Assertion() {
	authority := keyporttest.New(keyporttest.Options{})
	_, _ = authority.Client().PostForm(tokenURL, formOf(map[string]string{"client_assertion": "e30.eyJzdWIiOiJtZSJ9.c2ln"}))
	header, claims := authority.Requests(keyporttest.EndpointToken)[0].Assertion()
	fmt.Println(header, claims)
	// Output: map[] map[sub:me]
}
